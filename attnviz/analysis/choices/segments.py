"""Attention between segments: how much of one text looks at the other, and at special tokens."""

from dataclasses import replace

import numpy as np

from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token, Tokens

_SEGMENTS = ("text", "pair", "special")


def sum_segments(attention: Attention) -> Attention:
    """Attention between the segments: the text, its pair, and the special tokens.

    Attention *to* a segment is the sum over its tokens, then attention *from* it is the mean over its tokens, as of
    words, so that every row still sums to 1. Rows whose keys are all masked, and padding, are left out of a mean; a
    segment of no other rows has zeros.

    Raises:
        UsageError: it holds scores, whose sum means nothing.
    """
    if attention.values == "scores":
        raise UsageError("blocks, values: sums of scores mean nothing; expected weights")
    queries, keys = (_groups(side) for side in (attention.queries, attention.keys))
    matrices, masked = attention.matrices, attention.masked
    seen = np.ones((1, *matrices.shape[2:]), bool) if masked is None else ~masked
    to = np.stack([matrices[..., places].sum(axis=-1) for places in keys.values()], axis=-1)
    sees = np.stack([seen[..., places].any(axis=-1) for places in keys.values()], axis=-1)
    counts = np.stack([seen[:, places].any(axis=-1).sum(axis=-1) for places in queries.values()], axis=-1)
    counts = np.maximum(counts, 1).astype(matrices.dtype)[:, None]  # (n_layers, 1, n_segments)
    rows = np.stack([to[:, :, places].sum(axis=-2) for places in queries.values()], axis=-2) / counts[..., None]
    hidden = ~np.stack([sees[:, places].any(axis=-2) for places in queries.values()], axis=-2)
    rest = attention.rest
    if rest is not None:
        rest = np.stack([rest[..., places].sum(axis=-1) for places in queries.values()], axis=-1) / counts
    return replace(
        attention,
        matrices=rows.astype(matrices.dtype, copy=False),
        queries=segment_tokens(attention.queries, "target" if attention.kind != "encoder" else "text"),
        keys=segment_tokens(attention.keys, "target" if attention.kind == "decoder" else "text"),
        masked=np.broadcast_to(hidden, (len(matrices), *hidden.shape[1:])) if hidden.any() else None,
        rest=rest,
        words=False,
    )


def segment_tokens(tokens: Tokens, text: str = "text") -> Tokens:
    """One token for each segment that there is, with the pieces that it has.

    Args:
        tokens: the tokens of all segments.
        text: the name of the first segment.
    """
    return tuple(
        Token(
            text="",
            label=text if name == "text" else name,
            piece=text if name == "text" else name,
            special=name == "special",
            segment=int(name == "pair"),
            pieces=tuple(piece for i in places for piece in tokens[i].pieces or (tokens[i].piece,)),
        )
        for name, places in _groups(tokens).items()
    )


def are_segments(tokens: Tokens) -> bool:
    """Whether these are segments of a text, as ``segment_tokens`` makes them."""
    return bool(tokens) and all(token.pieces and token.word is None for token in tokens)


def _groups(tokens: Tokens) -> dict[str, list[int]]:
    """The indices of the tokens of each segment, padding left out."""
    groups: dict[str, list[int]] = {name: [] for name in _SEGMENTS}
    for i, token in enumerate(tokens):
        if not token.padding:
            groups["special" if token.special else _SEGMENTS[min(token.segment, 1)]].append(i)
    return {name: places for name, places in groups.items() if places}
