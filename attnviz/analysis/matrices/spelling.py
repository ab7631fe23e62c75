"""How the tokens of matrices are labelled."""

from dataclasses import replace

from attnviz.text.tokenizer import raw_labels
from attnviz.trace.attention import Attention


def labelled(attention: Attention, *, raw: bool) -> Attention:
    """The attention, with ``raw`` labelled in the tokenizer's own spelling."""
    if not raw:
        return attention
    return replace(attention, queries=raw_labels(attention.queries), keys=raw_labels(attention.keys))
