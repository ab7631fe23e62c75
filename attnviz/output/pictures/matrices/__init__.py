"""Matrices as pictures: one, several panels, or a mosaic of all."""
