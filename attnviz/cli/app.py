"""The command line's root: ``attnviz --version``, and the commands."""

from typing import Annotated

import typer

from attnviz.cli import explain, heatmap, schema, show, weights

app = typer.Typer(
    name="attnviz",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(
    invoke_without_command=True,
    epilog="\b\nStart with:\n"
    '  attnviz show "The cat sat on the mat"\n'
    '  attnviz explain "The cat sat on the mat" --query 1\n'
    '  attnviz heatmap "The cat sat on the mat" -o out/',
)
def root(
    ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """See what a transformer attends to: tables, heatmaps and JSON, in the terminal."""
    if version:
        from attnviz import __version__

        typer.echo(f"attnviz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit


for module in (show, heatmap, explain, weights, schema):
    module.register(app)
