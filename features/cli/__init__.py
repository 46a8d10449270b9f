"""Commands of the shop owner that import and set up."""
