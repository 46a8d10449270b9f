"""`perennial bench`: what an answer costs, next to a route that does nothing."""
