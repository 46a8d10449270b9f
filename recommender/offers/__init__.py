"""Which offer a customer gets, by expected incremental margin."""
