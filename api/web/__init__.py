"""HTTP as such, without the shop: access, problems, queries, replies."""
