"""``attnviz help``: all help on a command, a topic to read, or a list of both."""

from typing import Annotated

import typer

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.help.pages import INPUT
from attnviz.cli.options import CommonOptions

_EXAMPLES = """
attnviz help
attnviz help show
attnviz help weights init
attnviz help reading
"""


class SubjectOptions(Options):
    """What help is about."""

    subject: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND|TOPIC]",
            help="A command such as show, or a topic; without one, a list of both.",
            show_default=False,
            rich_help_panel=INPUT,
        ),
    ] = None


app = command_app()


@command(app, "help", examples=_EXAMPLES, main="subject")
def show_help(subject: SubjectOptions, common: CommonOptions) -> None:
    """Print a topic to read, or all help on a command.

    On a terminal long text opens in a pager: the one that PAGER names, else less.
    """
    from attnviz.cli.help.topics import print_long, subject_text

    print_long(subject_text(subject.subject or [], color=common.color))
