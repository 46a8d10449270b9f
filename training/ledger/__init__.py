"""Every order as revenue, cost and margin, the base of all reports."""
