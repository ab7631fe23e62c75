"""Files of texts: where they are, records with fields, treebanks."""
