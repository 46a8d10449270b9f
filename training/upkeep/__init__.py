"""Whether a home is well."""
