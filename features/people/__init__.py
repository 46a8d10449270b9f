"""Who is who: the names that a customer goes by."""
