"""``attnviz version``: as ``--version``."""

import typer

from attnviz.cli.command import command, command_app
from attnviz.cli.options import CommonOptions

app = command_app()


@command(app, "version", examples="attnviz version")
def version(common: CommonOptions) -> None:  # noqa: ARG001 (every command understands the common options)
    """Print the version."""
    from attnviz import __version__

    typer.echo(f"attnviz {__version__}")
