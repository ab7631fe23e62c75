r"""The label of a token: what people read instead of the token itself.

A label holds no control character, hides nothing and is never empty:

====================================  =============================================
newline, tab                          ``⏎``, ``⇥``
a space at an edge or beside another  ``␣`` (one between two visible characters stays)
controls, bidi and other format       escaped: ``\x1b``, ``\u202e``, ``\u200b``
  characters, other spaces, blanks
unassigned, private, surrogate        escaped: ``\ue000``, ``\ud800``
a combining mark without a base       escaped: ``\u0301``
nothing                               ``∅``
====================================  =============================================

Joiners, variation selectors and tag characters stay inside the sequences they are made for.
"""

import re
import unicodedata

_EMPTY = "∅"
_SIGNS = {"\n": "⏎", "\t": "⇥"}
_JOINERS = "\u200c\u200d"  # zero width non-joiner, zero width joiner
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Letters, marks and symbols that show nothing: grapheme joiner, fillers, inherent vowels, empty braille.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_TAG_SEQUENCE = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # the flag of Scotland, for one
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_KEYCAP_BASES = "0123456789#*"
_VIRAMA = 9  # canonical combining class


def printable(text: str) -> str:
    r"""The label of one token, as the table above says.

    >>> printable(" the\x1b")
    '␣the\\x1b'
    """
    if text.isascii() and text.isalnum():
        return text
    tags = {i for match in _TAG_SEQUENCE.finditer(text) for i in range(*match.span())}
    shown = []
    base = ""  # the visible character that a mark would combine with
    for i, c in enumerate(text):
        sign = c if i in tags else _shown(text, i, base)
        shown.append(sign)
        if sign != c or c == " ":
            base = ""
        elif not (_combines(c) or c in _JOINERS or (i in tags and base)):
            base = c
    return "".join(shown) or _EMPTY


def _shown(text: str, i: int, base: str) -> str:
    """The character at ``i`` itself where it is visible and in its place, else a sign or an escape for it."""
    c = text[i]
    if c in _SIGNS:
        return _SIGNS[c]
    if c == " ":
        return c if base and text[i + 1 : i + 2].strip() else "␣"
    if c in _JOINERS:
        kept = bool(base) and _joins(text, i, base)
    elif _VARIATION.match(c):
        kept = bool(base) and (not base.isascii() or base in _KEYCAP_BASES)
    else:
        kept = not _is_hidden(c) and (bool(base) or not _combines(c))
    return c if kept else c.encode("unicode_escape").decode("ascii")


def _is_hidden(c: str) -> bool:
    if c in _BLANKS:
        return True
    # Emoji newer than this Python's Unicode tables are "unassigned" in a block that is kept for emoji.
    return unicodedata.category(c) in _HIDDEN and not "\U0001f000" <= c <= "\U0001faff"


def _combines(c: str) -> bool:
    """Marks, and the Hangul vowels and finals that have no width of their own."""
    return unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff" or "\ud7b0" <= c <= "\ud7fb"


def _joins(text: str, i: int, base: str) -> bool:
    """True where the joiner at ``i`` has an effect: RFC 5892, appendices A.1 and A.2, and emoji sequences."""
    if unicodedata.combining(text[i - 1]) == _VIRAMA:
        return True
    after = text[i + 1 : i + 2]
    if not after or _is_hidden(after):
        return False
    if text[i] == "\u200d" and _is_pictograph(base) and _is_pictograph(after):
        return True
    if unicodedata.combining(after) == _VIRAMA:  # Bengali ra, joiner, virama, ya
        return True
    return all(unicodedata.bidirectional(c) in ("R", "AL") for c in (base, after))  # letters that may be cursive


def _is_pictograph(c: str) -> bool:
    return unicodedata.category(c) == "So" or "\U0001f000" <= c <= "\U0001faff" or c == "↔"
