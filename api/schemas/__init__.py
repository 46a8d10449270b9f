"""What goes in and out, one file a subject."""
