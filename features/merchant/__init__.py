"""What the merchant has set: rules, offers, triggers, tiers, experiments and keys."""
