"""Attention and vectors that other programs computed."""
