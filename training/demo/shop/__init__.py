"""Fern & Kettle, a shop that never was: its range, its people, two years of their clicks, and the truth."""

from training.demo.shop.write import write_demo_shop

__all__ = ["write_demo_shop"]
