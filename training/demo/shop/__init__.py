"""Fern & Kettle, a generated shop: its range, customers, two years of events, and the ground truth."""

from training.demo.shop.write import write_demo_shop

__all__ = ["write_demo_shop"]
