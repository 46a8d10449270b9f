"""Load from outside: a black box that knows Perennial by its commands and its HTTP alone."""
