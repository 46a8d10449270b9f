"""The page of quality: tables, plots, goals."""
