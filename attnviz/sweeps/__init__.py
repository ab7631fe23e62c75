"""Many texts: runs, worker processes, the machine."""
