"""Segmentation by boundaries: gradients, edges, and the regions they enclose."""
