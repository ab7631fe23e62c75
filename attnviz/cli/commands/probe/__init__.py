"""``attnviz probe``: what heads are good for: repeated tokens, syntactic relations, word alignments."""

from attnviz.cli.commands.probe import align, repeat, syntax  # noqa: F401 (each adds its command)
from attnviz.cli.commands.probe.group import app

__all__ = ["app"]
