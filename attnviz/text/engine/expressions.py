"""Regular expressions whose time is in line with a text's length: those of published tokenizers, and simple ones.

All others may be as good; which of them go back over a text again and again cannot be seen from outside.
"""

import re

_ATOM = r"(?:\[\^?[^\[\]^&\\-]+\]|\\[pP]\{\w+\}|\\[sSdDwWnrt]|[^\\\[\](){}*+?^$|])"
_SIMPLE = rf"{_ATOM}(?:\+|\{{[1-9]\d?(?:,\d{{0,3}})?\}})?"  # one character, or a run of them
_OTHERS = {
    r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",  # CLIP
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",  # CLIP
    r"\w+|[^\w\s]+",
    r"[^\s]+|\s+",
    r"^\s+|\s+$",
    r"[\r\n]+",
}


def is_known_to_end(expression: str) -> bool:
    """Whether an expression is simple, or one that published tokenizers have."""
    if re.fullmatch(_SIMPLE, expression) or expression in _OTHERS:
        return True
    from attnviz.text.gguf.splits import SPLITS  # noqa: PLC0415 (start-up time: most tokenizers have none)

    return any(expression in splits.expressions for splits in SPLITS.values())
