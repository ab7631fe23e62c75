"""What a run gives back for one text."""

from collections.abc import Container, Mapping

import numpy as np

from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.displays import DISPLAYS, media_bundle
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Tokens
from attnviz.trace.trace import Trace


def line_of(where: str) -> int | None:
    """The number of the line in a text's place among several, ``texts.txt, line 3``; None where it names none."""
    _, found, number = where.rpartition(", line ")
    return int(number) if found else None


@dataclass(frozen=True, eq=False)
class Result:
    """What a run gives back for one text; ``attnviz show --json`` prints exactly this.

    In a notebook it is a page to click, and the text of ``attnviz show``.

    Attributes:
        text: the input; None for ``--vectors`` and ``--attention``.
        views: the attention by kind, in the order of ``KINDS``, only the kinds that were asked for.
        model: where the numbers came from.
        tokens: the text's tokens.
        target_tokens: the target's tokens, if there is one.
        pair: the second segment, if any.
        target: the target text of cross-attention, if any.
        trace: what else was kept.
        where: the text's place among several: ``texts.txt, line 3``.
        n_given: the characters of the text before what the model wrote after it; None where it wrote nothing there.
    """

    text: str | None
    views: Mapping[str, Attention]
    model: ModelInfo
    tokens: Tokens
    target_tokens: Tokens = ()
    pair: str | None = None
    target: str | None = None
    trace: Trace | None = None
    where: str = ""
    n_given: int | None = None

    @property
    def attention(self) -> np.ndarray:
        """The encoder's matrices, (n_layers, n_heads, n_tokens, n_tokens)."""
        return self.views["encoder"].matrices

    @property
    def decoder_attention(self) -> np.ndarray:
        """The decoder's own (causal) matrices, (n_layers, n_heads, n_target, n_target)."""
        return self.views["decoder"].matrices

    @property
    def cross_attention(self) -> np.ndarray:
        """The target's attention to the source, (n_layers, n_heads, n_target, n_source)."""
        return self.views["cross"].matrices

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows, by media type."""
        return media_bundle(self, DISPLAYS, include, exclude)
