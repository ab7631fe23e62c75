"""Tokenizers by pieces and merges of their own: SentencePiece models (Kudo & Richardson 2018), Blenderbot-small's."""
