"""Which tokens of two texts are compared with each other, and how they are called together."""

from collections.abc import Iterator, Sequence, Sized
from dataclasses import replace
from itertools import pairwise

from attnviz.analysis.compare import align
from attnviz.errors import UsageError
from attnviz.trace.tokens import Token, Tokens, numbered


def aligned_tokens(axis: str, a: Tokens, b: Tokens) -> tuple[tuple[tuple[int, int], ...], frozenset[tuple[int, int]]]:
    """The places in A and in B of the tokens that are compared, and those of replaced ones.

    They are the same whichever side is called A. Where tokens of a side have no labels, all of both, one after the
    other.
    """
    nameless = [name for name, side in (("A", a), ("B", b)) if _is_nameless(side)]
    if nameless:
        _check_labels(axis, a, b, nameless)
        return tuple((i, i) for i in range(len(a)) if not (a[i].padding or b[i].padding)), frozenset()
    places_a, places_b = ([i for i, token in enumerate(side) if not token.padding] for side in (a, b))
    words, others = [_spelling(a[i]) for i in places_a], [_spelling(b[i]) for i in places_b]
    pairs = align(words, others) if words <= others else [(i, j) for j, i in align(others, words)]
    if not pairs:
        raise UsageError(f"diff: no {axis} token of A is in B; expected at least one in both")
    replaced = [(i, j) for i, j in _replacements(pairs, (words, others)) if not (words[i][0] or others[j][0])]
    places, of_replaced = (
        [(places_a[i], places_b[j]) for i, j in some_pairs] for some_pairs in (sorted([*pairs, *replaced]), replaced)
    )
    return tuple(places), frozenset(of_replaced)


def _replacements(pairs: Sequence[tuple[int, int]], sides: tuple[Sized, Sized]) -> Iterator[tuple[int, int]]:
    """The places of what was replaced one for one: as many of A as of B, between two pairs that both have."""
    for (i, j), (end, other_end) in pairwise([(-1, -1), *pairs, (len(sides[0]), len(sides[1]))]):
        if end - i == other_end - j:
            yield from zip(range(i + 1, end), range(j + 1, other_end), strict=True)


def _check_labels(axis: str, a: Tokens, b: Tokens, nameless: list[str]) -> None:
    """Refuses tokens that have only numbers for names where there are more of them on one side."""
    if len(a) != len(b):
        whose = f"those of {' and '.join(nameless)} have no labels"
        raise UsageError(
            f"diff, tokens: A has {len(a)} and B has {len(b)} {axis} tokens, and {whose}; "
            "expected equal numbers, or labels",
            hint='JSON can name its tokens: "tokens": [...]',
        )


def _is_nameless(tokens: Tokens) -> bool:
    """Whether they are of vectors or of a file that nobody gave labels for: x0, x1, ...; y0, y1, ... of a target."""
    return any(all(t.id is None and t.text == f"{letter}{i}" for i, t in enumerate(tokens)) for letter in "xy")


def _spelling(token: Token) -> tuple[bool, str]:
    """What a token is aligned by: tokenizers spell it in their own ways, and special ones have no text."""
    return token.special, (token.text.strip() or token.piece).casefold()


def with_both_labels(replaced: frozenset[tuple[int, int]], a: Tokens, b: Tokens) -> Tokens:
    """A's tokens with their positions; the label of a replaced one has B's too."""
    tokens = list(numbered(a))
    for i, j in replaced:
        tokens[i] = replace(tokens[i], label=f"{tokens[i].label} | {b[j].label}")
    return tuple(tokens)
