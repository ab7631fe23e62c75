"""What ``attnviz show`` prints first: the head that says most, and a line for others."""
