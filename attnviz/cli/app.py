"""The command line's root: ``attnviz --version``, and the table of commands."""

from typing import Annotated

import typer

from attnviz.cli.parsing import LazyGroup


class Commands(LazyGroup):
    """The commands; a test holds their summaries equal to what the commands say of themselves."""

    text_command = "show"
    examples = (
        'attnviz "The cat sat on the table"',
        'attnviz explain "The cat sat on the table" --query cat',
        'attnviz heads "The cat sat on the table"',
    )
    summaries = {  # noqa: RUF012 (Typer makes the group; the table belongs to the class)
        "show": "Print attention matrices as tables: rows are queries, columns are keys.",
        "heatmap": "Save attention matrices as pictures: L00H00.png, ..., and overview.png.",
        "explain": "Explain one query token of one head, step by step, with the real numbers.",
        "diff": "Compare two texts, models, seeds, layers or files, head by head.",
        "check": "Check conditions on heads: exit 0 if all hold, 1 if one does not.",
        "heads": "List what each head does: one row per head, with the best-fitting pattern, an example and metrics.",
        "weights": "Write seeded weights, describe a file, turn other formats into the native one.",
        "models": "List the bundled model and the families that load, or describe a model folder.",
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
    """See what a transformer attends to: tables, heatmaps and JSON, in the terminal.

    A text alone is shown: `attnviz "The cat sat"` is `attnviz show "The cat sat"`.
    """
    if version:
        from attnviz import __version__

        typer.echo(f"attnviz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit
