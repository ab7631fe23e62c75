"""The command line's root: ``attnviz --version``, and the table of commands."""

from typing import Annotated

import typer

from attnviz.cli.parsing import LazyGroup, short_help


class Commands(LazyGroup):
    """The commands; a test holds their summaries equal to what the commands say of themselves."""

    text_command = "show"
    seldom = ("schema", "version")
    examples = (
        'attnviz "The cat sat on the table"',
        'attnviz heads "The cat sat on the table"',
        "attnviz help reading",
    )
    summaries = {  # noqa: RUF012 (Typer makes the group; the table belongs to the class)
        "show": "Show what each word looks at: a table for a head, or coloured text.",
        "explore": "Explore all heads under the arrow keys, in the terminal.",
        "html": "Write a page to click: every head and every word, in one file.",
        "heatmap": "Save attention as one figure, or as pictures of all heads.",
        "explain": "Explain a word's attention in one head, step by step, in numbers.",
        "diff": "Compare two texts, models, seeds, layers or files, head by head.",
        "check": "Check conditions on heads: exit 0 if all hold, 1 if one does not.",
        "heads": "List what each head does: its pattern, an example and metrics.",
        "probe": "Find what each head is good for: induction, syntax, alignment.",
        "weights": "Write random weights; describe or convert a file of weights.",
        "models": "List the models that load, or describe one.",
        "schema": "Print the JSON Schema (2020-12) of what --json prints.",
        "help": "Print a topic to read, or all help on a command.",
        "version": "Print the version.",
    }


app = typer.Typer(
    name="attnviz",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context, version: Annotated[bool, typer.Option("-V", "--version", help="Print the version.")] = False
) -> None:
    """See what a transformer attends to: tables, heatmaps and JSON."""
    if version:
        from attnviz import __version__

        typer.echo(f"attnviz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(short_help(ctx))
        raise typer.Exit
