"""``python -m attnviz``."""

from attnviz.cli.main import entry

entry()
