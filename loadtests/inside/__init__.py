"""Measurements that look inside the packages."""
