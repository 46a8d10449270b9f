"""The background process: archive, retrain, hand out triggers."""
