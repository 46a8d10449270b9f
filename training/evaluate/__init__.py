"""Recommendations on data with known answers: the model that serves beside simple and published methods."""
