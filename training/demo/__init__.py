"""The demo shop, made up and built."""
