"""Models in GGUF files: their settings, tensors and tokenizer as those of the families that are known."""
