"""The owner's console: pages over the public API's own routes, for those who sign in."""
