"""``python -m attnviz``."""

from attnviz.cli.start import start

start()
