"""Which offer a customer gets, by its expected incremental margin."""
