"""What offers bring: uplift learned from trials, policies judged from logs, and a shop to try them in."""
