"""Figures for a shop owner: their shape and definitions, and how they are shown and kept."""
