"""What goes out to other services, from the worker."""
