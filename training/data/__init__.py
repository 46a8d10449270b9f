"""History read into the tables that models are trained on."""
