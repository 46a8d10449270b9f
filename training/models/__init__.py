"""Models fitted to the history, one file a model."""
