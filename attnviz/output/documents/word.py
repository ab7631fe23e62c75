"""``show --from WORD --json``: one row, or one column, of each head."""

from collections.abc import Iterator

import numpy as np

from attnviz.analysis.one_word import WordAttention, WordInHead
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, model_document, rounded, text_fields
from attnviz.trace.result import Result
from attnviz.trace.tokens import token_numbers


def word_document(
    result: Result,
    word: WordAttention,
    *,
    precision: int | None = None,
    top: int | None = None,
    model_info: bool = False,
) -> dict[str, object]:
    """One word of a text as a JSON object: the heads that say most of it first.

    Args:
        result: the text's result; its matrices are not looked at.
        word: the word in every head.
        precision: decimals to round to; the object says so.
        top: each head's strongest words, instead of all its numbers.
        model_info: all fields of the model, not only its name and sizes.
    """
    about = word.about
    return {
        "schema": SCHEMA_NAME,
        **text_fields(result),
        "model": model_document(about.model, model_info=model_info),
        "kind": about.kind,
        "values": about.values,
        **({} if about.reduce == "none" else {"reduce": about.reduce}),
        **arranged_fields(about),
        **({} if precision is None else {"precision": precision}),
        **({} if top is None else {"top": top}),
        word.side: {"number": word.number, "token": word.word.piece},
        "tokens": [token.piece for token in word.others],
        "numbers": token_numbers(word.others),
        "special": [token.special for token in word.others],
        "heads": [_head(head, word, precision, top) for head in word.heads],
    }


def _head(head: WordInHead, word: WordAttention, precision: int | None, top: int | None) -> dict[str, object]:
    """A head's numbers, in the order of ``tokens``; masked scores are null."""
    places = {name: number for name, number in (("layer", head.layer), ("head", head.head)) if number is not None}
    values = rounded(head.values, precision)
    numbers: dict[str, object] = {"attention": values}
    if top is not None:
        numbers = {"strongest": list(_strongest(head, word, values, top))}
    return {
        "name": head.name,
        **places,
        "telling": head.telling,
        **numbers,
        **({} if head.rest is None else {"rest": float(rounded(np.array(head.rest), precision))}),
        **({"masked": head.masked} if top is None and head.masked.any() else {}),
    }


def _strongest(head: WordInHead, word: WordAttention, values: np.ndarray, top: int) -> Iterator[dict[str, object]]:
    numbers = token_numbers(word.others)
    for i in head.strongest(top):
        yield {"number": numbers[i], "token": word.others[i].piece, "weight": values[i]}
