"""Probes of a model's heads: repeated tokens, syntactic relations, word alignments."""
