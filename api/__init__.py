"""HTTP in and out: routes, keys, pages and processes. Decides nothing about recommendations."""
