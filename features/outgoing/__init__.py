"""What Perennial told: impressions, e-mails, offers, triggers."""
