"""Yesterday's answers, asked again: under other rules, source weights or another model."""
