"""Orders exports known by name, one file a platform: which of its headers are which of our columns."""
