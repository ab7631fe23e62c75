"""Results of a corpus that are kept in a folder, one file a window of texts."""
