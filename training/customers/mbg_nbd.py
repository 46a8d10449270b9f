"""MBG/NBD: BG/NBD whose customers may leave after the first order already (Batislam et al. 2007)."""

from training.customers.bg_nbd import log_likelihood

__all__ = ["log_likelihood"]
