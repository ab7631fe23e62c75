"""Files of ``torch.save``: their pickles are read, and nothing in them is ever run."""
