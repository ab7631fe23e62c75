"""The attention of a long text, some rows of a head at a time, in a core's cache."""

from collections.abc import Callable, Iterator

import numpy as np

from attnviz.encoder.long.parallel import each, n_threads
from attnviz.encoder.parameters.params import Array
from attnviz.encoder.scoring import Scoring
from attnviz.records import dataclass

AT_ONCE = 1 << 18  # scores that are worked on at a time
_FEW_BLOCKS = 4  # of rows of a head: several heads are then computed together


@dataclass(frozen=True, eq=False)
class HeadRows:
    """Some rows of one head's attention, before they are divided by their sums.

    Attributes:
        head: its number.
        rows: which of its rows.
        shifted: (n_rows, n_k), scores less the row's greatest, -inf where masked; whoever sees them may write to them.
        exponentials: (n_rows, n_k), e to the power of those; read-only by agreement.
        totals: (n_rows, 1), the weights are the exponentials divided by them; 1 for a row that sees no key.
    """

    head: int
    rows: slice
    shifted: Array
    exponentials: Array
    totals: Array


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked for of one attention.

    Attributes:
        names: of arrays, with ``z`` where the output is needed.
        heads: of which scores and weights are asked for, in rising order; None for all.
        see: called with the rows of those heads: with those of a head in their order, of several heads at the same time
            from several threads. None if nobody sees them.
    """

    names: frozenset[str]
    heads: tuple[int, ...] | None = None
    see: Callable[[HeadRows], None] | None = None


def by_rows(
    score: Scoring, n_keys: int, v: Array | None, z: Array, sink: Array | None, asked: Asked
) -> Iterator[tuple[str, Array]]:
    """``z`` and the weights of one head after another, some rows at a time; weights that nobody asks for are not kept.

    Args:
        score: gives the scores.
        n_keys: how many a row has.
        v: (n_heads, n_k, d_v); None where nobody needs ``z``.
        z: (n_heads, n_q, d_v), to write to.
        sink: (n_heads,), each head's further score; None for none.
        asked: which weights are kept, and who sees the rows.
    """
    n_heads, n_q = z.shape[:2]
    step = max(1, AT_ONCE // n_keys)
    blocks = [slice(start, min(start + step, n_q)) for start in range(0, n_q, step)]
    looked_at = range(n_heads) if asked.heads is None else asked.heads
    ones = np.ones((n_keys, 1), z.dtype)

    def work_on(place: tuple[int, slice, Array | None]) -> None:
        head, rows, weights = place
        seen = asked.see is not None and head in looked_at
        part = _exponentials(score, ones, None if sink is None else sink[head], head, rows, keep_shifted=seen)
        if v is not None:
            np.matmul(part.exponentials, v[head], out=z[head, rows])
            z[head, rows] /= part.totals
        if weights is not None:
            np.divide(part.exponentials, part.totals, out=weights[rows])
        if asked.see is not None and seen:
            asked.see(part)

    def work_through(head: int) -> None:
        for rows in blocks:
            work_on((head, rows, None))

    computed = looked_at if v is None else range(n_heads)
    if "weights" not in asked.names:
        each(work_through, computed)
        return
    together = n_threads() if len(blocks) <= _FEW_BLOCKS else 1  # heads, as threads need something to share
    for i in range(0, len(computed), together):
        heads = computed[i : i + together]
        kept = {head: np.empty((n_q, n_keys), z.dtype) for head in heads if head in looked_at}
        each(work_on, [(head, rows, kept.get(head)) for head in heads for rows in blocks])
        for head in tuple(kept):
            yield "weights", kept.pop(head)[None]  # of which no more is held: the next heads need its room


def _exponentials(
    score: Scoring, ones: Array, sink: Array | None, head: int, rows: slice, *, keep_shifted: bool
) -> HeadRows:
    """Some rows of a head; ``ones`` (n_k, 1) make sums products, which is quickest; ``sink`` is a further score."""
    scores = score(slice(head, head + 1), rows)[0]  # (n_rows, n_k)
    # Not -inf for a row without a key: -inf less this is -inf.
    top = scores.max(axis=-1, keepdims=True, initial=np.finfo(scores.dtype).min if sink is None else sink)
    np.subtract(scores, top, out=scores)
    exponentials = np.exp(scores, out=None if keep_shifted else scores)
    totals = exponentials @ ones  # (n_rows, 1)
    if sink is not None:
        totals += np.exp(sink - top)
    return HeadRows(head, rows, scores, exponentials, np.maximum(totals, 1))  # the top gives 1, or the sink
