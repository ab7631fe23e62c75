"""How a file of attention from elsewhere is read: the options, and the input that they make."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from attnviz.cli.command import Options, option
from attnviz.cli.groups.attention_values import Padding, Partial, Special, value_options
from attnviz.cli.help.pages import ELSEWHERE
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request
    from attnviz.cli.options import InputOptions
    from attnviz.trace.result import Result


class AttentionOptions(Options):
    """What a file of ``--attention`` does not say itself."""

    alignment: Annotated[
        str | None,
        option(
            ELSEWHERE,
            "--alignment",
            metavar="PATH",
            help="Word alignments instead of --attention, a line per pair: 0-0 1-2 (source-target); - for stdin.",
        ),
    ] = None
    axes: Annotated[
        str | None,
        option(
            ELSEWHERE,
            "--axes",
            metavar="NAMES",
            help="What each axis counts: some of batch,layer,head,query,key; - for an axis of length 1 to drop.",
        ),
    ] = None
    query_tokens: Annotated[
        str | None, option(ELSEWHERE, "--query-tokens", metavar="TEXT", help="Labels for the queries (rows).")
    ] = None
    key_tokens: Annotated[
        str | None, option(ELSEWHERE, "--key-tokens", metavar="TEXT", help="Labels for the keys (columns).")
    ] = None
    special: Special = None
    padding: Padding = None
    partial: Partial = False


def attention_results(
    inputs: "InputOptions", elsewhere: AttentionOptions, note: Callable[[str], None], *, skip_errors: bool = False
) -> "tuple[str, Callable[[Request], Iterator[tuple[str, Result]]]]":
    """The name of the input, and what reads it when it is known what is asked of it.

    Raises:
        UsageError: options that exclude each other.
    """
    path = inputs.attention or ""
    name = "standard input" if path == "-" else Path(path).name
    options = _read_options(inputs, elsewhere) | {"skip_errors": skip_errors}
    return name, partial(_results, path, name, options | {"note": note})


def check_elsewhere(inputs: "InputOptions", elsewhere: AttentionOptions) -> None:
    """Refuses options of ``--attention`` without it.

    Raises:
        UsageError: names them.
    """
    names = [name.replace("_", "-") for name in elsewhere.changed()]
    if elsewhere.alignment is not None:
        _check_alignment(inputs, names)
    elif names and inputs.attention is None:
        raise UsageError(f"{', '.join(names)}: there is no attention to read; expected --attention FILE too")
    if inputs.tokens is not None and {"query-tokens", "key-tokens"} & set(names):
        raise UsageError("tokens: labels of queries or keys are given too; expected --tokens alone, or the other two")


def _check_alignment(inputs: "InputOptions", names: list[str]) -> None:
    """Refuses what an alignment does not take, and a text without its target."""
    given = [name for name in ("attention", "vectors", "tokens", "pair") if getattr(inputs, name) is not None]
    if given or "axes" in names:
        raise UsageError(
            f"alignment, {(given or ['axes'])[0]}: both are given; expected --alignment with --query-tokens and "
            "--key-tokens, or with a text and its --target"
        )
    if inputs.text is not None and inputs.target is None:
        raise UsageError("alignment: a text is given without its target; expected TEXT --target TEXT")


def labels_of(text: str | None, name: str) -> list[str] | None:
    """The labels of ``--tokens`` and its like; None without the option.

    Raises:
        InputError: they cannot be read.
    """
    from attnviz.elsewhere.tokens.token_list import token_list

    return None if text is None else token_list(text, name)


def alignment_results(
    inputs: "InputOptions",
    elsewhere: AttentionOptions,
    pairs: "Iterable[tuple[str, str]] | None",
    note: Callable[[str], None],
    *,
    skip_errors: bool = False,
) -> "tuple[str, Callable[[Request], Iterator[tuple[str, Result]]]]":
    """The name of a file of alignments, and what reads it.

    Args:
        inputs: the options of the input.
        elsewhere: with an alignment.
        pairs: the source and the target of each line, where they are known.
        note: called with each note.
        skip_errors: whether a line that cannot be read is left out with a note.
    """
    from attnviz.elsewhere.alignment_file import read_alignments
    from attnviz.elsewhere.read_options import ReadOptions

    path = elsewhere.alignment or ""
    name = "standard input" if path == "-" else Path(path).name
    options = ReadOptions(
        **_read_options(inputs, elsewhere), skip_errors=skip_errors, note=lambda text: note(f"{name}: {text}")
    )

    def results(_: "Request") -> "Iterator[tuple[str, Result]]":
        source = sys.stdin.buffer if path == "-" else Path(path)
        for number, result in enumerate(read_alignments(source, name, options, pairs), start=1):
            yield f"{name}, text {number}", result

    return name, results


def _read_options(inputs: "InputOptions", elsewhere: AttentionOptions) -> dict[str, Any]:
    """The fields of ``ReadOptions`` that the command line says."""
    from attnviz.elsewhere.shapes.axes import parse_axes

    return {
        "token_labels": labels_of(inputs.tokens, "tokens"),
        "query_labels": labels_of(elsewhere.query_tokens, "query-tokens"),
        "key_labels": labels_of(elsewhere.key_tokens, "key-tokens"),
        "axes": None if elsewhere.axes is None else parse_axes(elsewhere.axes),
        **value_options(partial=elsewhere.partial, padding=elsewhere.padding, special=elsewhere.special),
    }


def _results(path: str, name: str, options: dict[str, Any], request: "Request") -> "Iterator[tuple[str, Result]]":
    """Attention from elsewhere, each with its place."""
    from attnviz.elsewhere.attention_file import read_attention

    source = sys.stdin.buffer if path == "-" else Path(path)
    kind = request.kinds[0] if request.kinds else None
    results = read_attention(source, name=name, mapped=True, scores=request.values == "scores", kind=kind, **options)
    for number, result in enumerate(results, start=1):
        yield f"{name}, text {number}", result
