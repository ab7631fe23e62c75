"""The block's configuration: flat fields as people write them, and the groups that the code reads."""
