"""Context and model bundle in, ranked picks out. Pure: no I/O but reading a bundle, and no clock."""
