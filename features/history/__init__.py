"""The history on disk: events and impressions as parquet."""
