"""Lengths of time; each name ends in the unit it counts."""

HOUR_S, DAY_S = 3_600, 86_400
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
WEEK_DAYS = 7
YEAR_DAYS = 365
MEAN_YEAR_DAYS = 365.2425
"""Of the Gregorian calendar, leap years counted in."""
