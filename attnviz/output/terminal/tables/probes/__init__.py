"""What ``attnviz probe`` prints on a terminal."""
