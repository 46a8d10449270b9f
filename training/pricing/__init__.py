"""What prices did: how sales answered them, and which discounts paid."""
