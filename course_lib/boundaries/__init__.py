"""Segmentation by boundaries: gradients, edges, contours, and the regions between them."""
