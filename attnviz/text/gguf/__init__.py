"""Tokenizers made from the vocabulary in a GGUF file."""
