"""Text to tokens: built-in tokenizers, pretrained ones, printable labels."""
