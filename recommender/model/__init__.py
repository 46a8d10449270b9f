"""The trained bundle: its files, versions and tables."""
