"""What ``attnviz probe ... --json`` and ``--csv`` print."""
