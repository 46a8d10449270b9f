"""What figures mean, and the shape of a report."""
