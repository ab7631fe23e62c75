"""Attention between chosen tokens: some rows, some columns."""

from dataclasses import replace

import numpy as np

from attnviz.analysis.matrices.spelling import token_places
from attnviz.analysis.matrices.words import kept_tokens
from attnviz.errors import UsageError
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True)
class TokenChoice:
    """Which queries and which keys are kept, as ``token_places`` reads them.

    Attributes:
        rows: a selection of queries; None for all.
        columns: a selection of keys; None for all.
        hide_special: leave out special tokens of a side of which nothing is chosen.
        renormalize: divide what is left of each row by its sum.
    """

    rows: str | None = None
    columns: str | None = None
    hide_special: bool = False
    renormalize: bool = False

    def __bool__(self) -> bool:
        return self.rows is not None or self.columns is not None

    def kept(self, queries: Tokens, keys: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """True for each query and each key that is kept.

        Raises:
            TokenChoiceError: a selection names none of the tokens.
        """
        return self._kept(self.rows, queries, "rows"), self._kept(self.columns, keys, "columns")

    def _kept(self, selection: str | None, tokens: Tokens, option: str) -> np.ndarray:
        if selection is not None:
            kept = np.zeros(len(tokens), dtype=bool)
            kept[list(token_places(selection, tokens, option))] = True
            return kept
        plain = np.array([not token.special for token in tokens])
        return plain if self.hide_special and plain.any() else np.ones(len(tokens), dtype=bool)


def choose_tokens(attention: Attention, choice: TokenChoice) -> Attention:
    """The rows and columns that are chosen; ``rest`` says what each row gave to other columns.

    Raises:
        TokenChoiceError: a selection names none of the tokens.
    """
    queries, keys = choice.kept(attention.queries, attention.keys)
    kept = kept_tokens(attention, queries, keys, renormalize=choice.renormalize)
    chosen_keys = choice.columns is not None
    return replace(
        kept,
        rest=None if keys.all() and attention.rest is None else kept.rest,
        hidden=not chosen_keys and (attention.hidden or not keys.all()),
        keys_chosen=chosen_keys or attention.keys_chosen,
    )


def check_parts(choice: TokenChoice, values: str, *, blocks: bool) -> None:
    """Refuses parts of a matrix that exclude each other.

    Raises:
        UsageError: rows or columns of segments, or segments of scores.
    """
    if blocks and choice:
        raise UsageError("blocks, rows, columns: blocks are of all tokens; expected blocks, or rows and columns")
    if blocks and values == "scores":
        raise UsageError("blocks, values: sums of scores mean nothing; expected weights")
    if choice.renormalize and not choice.hide_special and choice.columns is None:
        raise UsageError("renormalize: nothing is left out of the rows; expected hide-special or columns too")
