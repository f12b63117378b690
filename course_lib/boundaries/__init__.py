"""Segmentation by boundaries: gradients and edges."""
