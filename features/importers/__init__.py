"""Order histories and catalogues in the formats shops already have, into one home."""
