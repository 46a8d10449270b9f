"""The figures a shop owner steers by, worked out from the history."""
