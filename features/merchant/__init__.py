"""The merchant's settings: rules, offers, triggers, tiers, experiments and keys."""
