"""Texts that the model goes on with, and targets that it writes."""
