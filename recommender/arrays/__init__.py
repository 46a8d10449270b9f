"""Ids and rows, tables of rows, stable hashes."""
