"""What is known about a customer: profile, tiers, refills."""
