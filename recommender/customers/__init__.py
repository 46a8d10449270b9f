"""What is known of a customer: profile, tiers, refills."""
