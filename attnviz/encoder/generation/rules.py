"""Rules of generation: what the next token may be, and how logits change by what is there already."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from attnviz.encoder.parameters.params import Array
from attnviz.records import dataclass


@dataclass(frozen=True)
class GenerationRules:
    """The rules that a model asks for, in the words of ``generation_config.json`` (transformers' logits processors).

    Attributes:
        end: ids that end a text.
        start: the id that a decoder is fed first, in place of the block's; None for the block's.
        repetition_penalty: divides positive logits of tokens that are there already, and multiplies negative ones
            (Keskar et al. 2019).
        no_repeat_ngram_size: no sequence of so many tokens comes twice; 0 for no rule.
        bad_words: sequences of ids that must not come.
        min_length: no end before the text has so many tokens.
        min_new_tokens: no end before so many are new.
        forced_first: the second token of the text, where it begins with one alone.
        forced_last: ids of which the last token must be one, where the text does not end before.
        decay: after so many new tokens, the end's logit grows by this factor for each one more; None for no rule.
        suppressed: ids that must not come.
        suppressed_first: ids that must not come first.
    """

    end: tuple[int, ...] = ()
    start: int | None = None
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    bad_words: tuple[tuple[int, ...], ...] = ()
    min_length: int = 0
    min_new_tokens: int = 0
    forced_first: int | None = None
    forced_last: tuple[int, ...] = ()
    decay: tuple[int, float] | None = None
    suppressed: tuple[int, ...] = ()
    suppressed_first: tuple[int, ...] = ()

    def applied(self, logits: Array, ids: Array, n_given: int, most: int) -> Array:
        """The logits (n_vocab,) after all rules, in the order of transformers; -inf for what must not come.

        Args:
            logits: of the next token.
            ids: (n,), all tokens so far.
            n_given: how many of them were there at first.
            most: how many may be new.
        """
        logits, n, new = logits.copy(), len(ids), len(ids) - n_given
        if self.repetition_penalty != 1:
            there = np.unique(ids[ids < len(logits)])
            before = logits[there]
            logits[there] = np.where(before < 0, before * self.repetition_penalty, before / self.repetition_penalty)
        logits[_within([*self._ngram_ends(ids), *self._bad_ends(ids)], logits)] = -np.inf
        if n < self.min_length or new < self.min_new_tokens:
            logits[_within(self.end, logits)] = -np.inf
        if self.forced_first is not None and n == 1:
            logits = _only((self.forced_first,), logits)
        if self.forced_last and new == most - 1:
            logits = _only(self.forced_last, logits)
        if self.decay is not None and new > self.decay[0]:
            end = _within(self.end, logits)
            with np.errstate(over="ignore", invalid="ignore"):
                factor = np.float64(self.decay[1]) ** (new - self.decay[0])  # inf, not an error, if it is too large
                grown = np.abs(logits[end]) * (factor - 1)
            logits[end] += np.where(np.isfinite(grown), grown, 0)
        logits[_within(self.suppressed, logits)] = -np.inf
        begins = n_given if n_given > 1 or self.forced_first is None else n_given + 1
        if n == begins:
            logits[_within(self.suppressed_first, logits)] = -np.inf
        return logits

    def _ngram_ends(self, ids: Array) -> Iterator[int]:
        """Ids that would end a sequence of ``no_repeat_ngram_size`` tokens that is there already."""
        size = self.no_repeat_ngram_size
        if not size or len(ids) < size:
            return
        last = ids[len(ids) + 1 - size :]
        for i in range(len(ids) - size + 1):
            if np.array_equal(ids[i : i + size - 1], last):
                yield int(ids[i + size - 1])

    def _bad_ends(self, ids: Array) -> Iterator[int]:
        """Ids that would end a bad word, unless it is an end token alone."""
        for *before, last in self.bad_words:
            n = len(before)
            if n <= len(ids) and list(ids[len(ids) - n :]) == before and (n or last not in self.end):
                yield last


class Generation(NamedTuple):
    """The rules of generation that a model asks for, and notes on what greedy generation leaves out, one line each."""

    rules: GenerationRules = GenerationRules()
    notes: tuple[str, ...] = ()


def _within(ids: tuple[int, ...] | list[int], logits: Array) -> list[int]:
    """The ids that have a logit."""
    return [one for one in ids if 0 <= one < len(logits)]


def _only(ids: tuple[int, ...], logits: Array) -> Array:
    """Logits that allow nothing else."""
    allowed = np.full_like(logits, -np.inf)
    allowed[_within(ids, logits)] = 0
    return allowed
