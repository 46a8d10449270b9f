"""What is evaluated, one file a task."""
