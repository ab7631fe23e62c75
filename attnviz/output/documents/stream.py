"""A stream of JSON lines that has all fields of its model once, in the first line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from attnviz.output.documents.results import dump, short_model


class ModelLine(NamedTuple):
    """One line of JSON, cut at its model.

    Attributes:
        before: the line up to the model.
        full: the model with all its fields.
        short: the model's name, weights and sizes.
        after: the keys after the model, as an object with a line end: it is long, and copied only into the line.
    """

    before: bytes
    full: bytes
    short: bytes
    after: bytes


def model_line(document: Mapping[str, object]) -> ModelLine:
    """The line of a document that has ``model``, with all its fields, between other keys."""
    model = cast(Mapping[str, object], document["model"])
    items = list(document.items())
    at = list(document).index("model")
    before, after = (dump(dict(some)) for some in (items[:at], items[at + 1 :]))
    full, short = (dump(one).rstrip(b"\n") for one in (model, short_model(model)))
    return ModelLine(before.removesuffix(b"}\n") + b',"model":', full, short, after)


def joined_lines(
    lines: Iterable[ModelLine], *, model_info: bool = False, is_first: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """The lines; a model has all its fields in the first line of it, and is in short in the next ones.

    Args:
        lines: in their order.
        model_info: all fields in every line.
        is_first: whether the next line is the first of a file.
    """
    known: bytes | None = None
    for before, full, short, after in lines:
        model = full if model_info or full != known or is_first() else short
        yield b"".join((before, model, b",", memoryview(after)[1:]))
        known = full
