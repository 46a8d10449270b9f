"""What experiments show: differences with intervals that hold however often one looks."""
