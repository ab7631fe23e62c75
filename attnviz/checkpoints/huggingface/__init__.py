"""Model folders of the Hugging Face hub."""
