"""Where Perennial keeps what is true now: Redis, its keys, the files of the home and their locks."""
