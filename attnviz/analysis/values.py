"""``--values``: what a matrix holds, from a run and the parameters it was made with."""

import numpy as np

from attnviz.analysis.rerun import Ran
from attnviz.encoder.stack import Wanted
from attnviz.errors import InputError


def wanted_for(what: str, kind: str, layer: int) -> frozenset[Wanted]:
    """What a trace must hold for ``values_of``."""
    if what == "zeroing":
        from attnviz.analysis.zeroing import wanted_for_zeroing  # noqa: PLC0415 (start-up time)

        return wanted_for_zeroing(kind, layer)
    return frozenset(Wanted(kind, layer, name) for name in (("weights", "v") if what == "norms" else (what,)))


def values_of(what: str, ran: Ran, kind: str, layer: int, heads: tuple[int, ...]) -> np.ndarray:
    """The matrices of the heads, (n_heads, n_queries, n_keys); of ``zeroing`` one, (1, n_queries, n_keys).

    Args:
        what: one of ``VALUES``.
        ran: a run whose trace holds ``wanted_for``.
        kind: ``encoder``, ``decoder`` or ``cross``.
        layer: its number.
        heads: which, in this order.

    Raises:
        InputError: norms or changes that are not finite.
    """
    own, chosen = ran.trace[kind, layer], list(heads)
    if what not in ("norms", "zeroing"):
        return getattr(own, what)[chosen]
    from attnviz.analysis.norms import norms  # noqa: PLC0415 (start-up time)
    from attnviz.analysis.zeroing import zeroing  # noqa: PLC0415

    with np.errstate(over="ignore", invalid="ignore"):
        if what == "norms":
            part = ran.stack(kind).at(f"layers.{layer}.{'cross' if kind == 'cross' else 'attn'}")
            values = norms(own.weights, own.v, part["wo"])[chosen]
        else:
            values = zeroing(ran, kind, layer)[None].astype(own.weights.dtype)
    if not np.isfinite(values).all():
        raise InputError(f"{kind} layer {layer}: its {what} are not finite; expected vectors and weights of usual size")
    return values
