"""The group of probes, to which each adds its command."""

from attnviz.cli.command import command_app
from attnviz.cli.parsing import CommandGroup


class ProbeCommands(CommandGroup):
    """The probes."""

    examples = (
        "attnviz probe repeat",
        "attnviz probe syntax --treebank en_ewt-ud-test.conllu",
        "attnviz probe align --pairs pairs.txt --gold gold.txt --model ./my-marian",
    )


app = command_app(cls=ProbeCommands, help="Find what each head is good for: induction, syntax, alignment.")
TOP = 10
"""Heads that a screen lists unless ``--top`` says otherwise."""
