"""``diff --json``: two runs, what of them was compared, each pair of heads, the largest changes."""

from collections.abc import Iterable, Iterator
from math import isnan
from typing import Any

import numpy as np

from attnviz.analysis.difference import Difference, largest_changes
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, head_fields, model_document, position_fields
from attnviz.output.rendering import Document
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens


def difference_document(
    results: tuple[Result, Result],
    difference: Difference,
    *,
    top: int,
    tolerance: float | None,
    model_info: bool = False,
) -> dict[str, object]:
    """The object of two results and their difference, with so many of the largest changes."""
    a, b = difference.a, difference.b
    heads = [
        {
            **_heads_of(difference, i, j),
            "jsd": float(difference.jsd[i, j]),
            "rest": float(difference.rest_before[i, j].mean()),
            "vs_rest": float(difference.rest_after[i, j].mean()),
            **({"one_sided": int(difference.one_sided[i, j])} if difference.one_sided[i, j] else {}),
        }
        for i, j in np.ndindex(*a.head_shape)
    ]
    changes = change_documents(difference, top)
    sides = (
        side_document(results[0], a, model_info=model_info),
        side_document(results[1], b, model_info=model_info),
    )
    pairs, special_only = (difference.queries, difference.keys), difference.special_only
    return diff_document(sides, a.kind, pairs, heads, changes, tolerance, special_only=special_only)


def change_documents(difference: Difference, top: int, *, special: bool = True) -> list[dict[str, object]]:
    """So many of the largest changes, each with its heads, its tokens' places in A and in B, and its numbers.

    Args:
        difference: of A and B.
        top: how many.
        special: whether weights from or to special tokens count.
    """
    changes: list[dict[str, object]] = []
    for change in largest_changes(difference, top, special=special):
        query, vs_query = difference.queries[change.query]
        key, vs_key = (None, None) if change.key is None else difference.keys[change.key]
        places = {"query": query, "key": key, "vs_query": vs_query, "vs_key": vs_key}
        numbers = {"before": change.before, "after": change.after, "change": change.change}
        changes.append({**_heads_of(difference, change.layer, change.head), **places, **numbers})
    return changes


def _heads_of(difference: Difference, i: int, j: int) -> dict[str, int]:
    """The numbers of A's and B's layers and heads in row i and column j."""
    numbers = (*difference.a.head_at(i, j), *difference.b.head_at(i, j))
    return dict(zip(("layer", "head", "vs_layer", "vs_head"), numbers, strict=True))


def side_document(result: Result, attention: Attention, *, model_info: bool = False) -> dict[str, object]:
    """One side: its text, tokens, model, layers and heads, and how its tokens were arranged."""
    document: dict[str, object] = {"text": result.text}
    if result.target is not None:
        document["target"] = result.target
    document["tokens"] = _pieces(attention.keys)
    document |= position_fields("", attention.keys)
    if attention.queries != attention.keys:
        document["query_tokens"] = _pieces(attention.queries)
        document |= position_fields("query_", attention.queries)
    if any(token.padding for token in attention.keys):
        document["padding"] = [token.padding for token in attention.keys]
    model = model_document(attention.model, model_info=model_info)
    return document | {"model": model, **head_fields(attention), **arranged_fields(attention)}


def diff_document(
    sides: tuple[dict[str, object], dict[str, object]],
    kind: str,
    pairs: tuple[object, object],
    heads: Iterable[dict[str, Any]],
    changes: Iterable[dict[str, Any]],
    tolerance: float | None,
    *,
    special_only: bool,
) -> dict[str, object]:
    """The whole object.

    Args:
        sides: ``side_document`` of A and of B.
        kind: which attention.
        pairs: the places [in A, in B] of the queries that both have; of the keys.
        heads: of each pair of heads ``layer``, ``head``, ``vs_layer``, ``vs_head``, ``jsd``, ``rest``, ``vs_rest``,
            and ``one_sided`` where some rows look at anything on one side only.
        changes: the largest ones, each with its head, its tokens' places, ``before``, ``after`` and ``change``.
        tolerance: the largest ``jsd`` that is allowed, if there is one. It does not hold of what cannot be compared.
        special_only: whether only special tokens are in both; then it does not hold either.
    """
    rows = [row | {"jsd": None if isnan(row["jsd"]) else row["jsd"]} for row in heads]
    document: dict[str, object] = {
        "schema": SCHEMA_NAME,
        "a": sides[0],
        "b": sides[1],
        "kind": kind,
        "aligned": {"queries": pairs[0], "keys": pairs[1], **({"special_only": True} if special_only else {})},
        "heads": rows,
        "changes": list(changes),
    }
    if tolerance is not None:
        document["tolerance"] = tolerance
        document["holds"] = not (special_only or any(exceeds(row, tolerance) for row in rows))
    return document


def named_texts(document: Document) -> Iterator[tuple[str, str]]:
    """What was compared, each with its name: ``text`` and ``target``, or where they are not the same ``A``, ``B``."""
    for key in ("text", "target"):
        both = [document[name].get(key) for name in ("a", "b")]
        if both[0] == both[1]:
            yield from ((key, text) for text in both[:1] if text is not None)
        else:
            names = (name if key == "text" else f"{name}, {key}" for name in "AB")
            yield from ((name, text) for name, text in zip(names, both, strict=True) if text is not None)


def exceeds(row: Document, tolerance: float) -> bool:
    """Whether a pair of heads is farther apart than that, or has rows that cannot be compared."""
    return row["jsd"] is None or row["jsd"] > tolerance or "one_sided" in row


def _pieces(tokens: Tokens) -> list[str]:
    return [token.piece for token in tokens]
