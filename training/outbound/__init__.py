"""What goes out to other services: customers as fields of their contacts, due triggers as events."""
