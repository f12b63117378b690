"""Depth: the camera, and what several views of a scene say about it."""
