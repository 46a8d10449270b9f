"""What happened: events and impressions as parquet."""
