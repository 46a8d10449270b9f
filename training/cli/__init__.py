"""Commands that train, evaluate and report."""
