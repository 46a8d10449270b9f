"""What Perennial sent out: impressions, e-mails, offers, triggers."""
