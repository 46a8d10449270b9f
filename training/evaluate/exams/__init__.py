"""One table of results of one task on one data set."""
