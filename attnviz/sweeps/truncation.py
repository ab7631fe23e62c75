"""Texts cut to the length that a model takes."""

from attnviz.trace.tokens import Tokens


def truncated(tokens: Tokens, most: int) -> Tokens:
    """The tokens without the last ones, special tokens kept; of two segments the longer is cut first, then the second.

    Args:
        tokens: of a text, and perhaps of its second segment.
        most: how many may be left; more are, where there are more special tokens than that.
    """
    segments: dict[int, list[int]] = {}
    for i, token in enumerate(tokens):
        if not token.special:
            segments.setdefault(token.segment, []).append(i)
    for _ in range(len(tokens) - most):
        longest = segments[max(segments, key=lambda segment: (len(segments[segment]), segment))]
        if len(longest) == 1:
            break
        longest.pop()
    kept = {i for places in segments.values() for i in places}
    return tuple(token for i, token in enumerate(tokens) if token.special or i in kept)


def covered(text: str, tokens: Tokens, segment: int = 0) -> str:
    """The beginning of a segment's text, as far as its tokens go."""
    return text[: max((token.end for token in tokens if token.segment == segment and not token.special), default=0)]
