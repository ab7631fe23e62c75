"""Labels that are a vocabulary's spelling of pieces: ``Ġthe``, ``▁the``, ``##ing``, ``ing</w>``, ``walk@@``."""

import codecs
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from attnviz.records import dataclass
from attnviz.text.spelling import Spelling, byte_of_character

_IN_PLACE = re.compile(r"\[(UNK|MASK)\]|<(unk|mask)>")  # in the place of a word


@dataclass(frozen=True)
class WordPieces:
    """What the labels of a text say about its words.

    Attributes:
        sign: the sign that they share: ``Ġ``, ``▁``, ``##``, ``</w>`` or ``@@``.
        meaning: what the sign means, in words.
        labels: each token's printable label, without the sign.
        texts: the characters that each token adds to its word.
        words: each token's word by number; None for special tokens.
    """

    sign: str
    meaning: str
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    words: tuple[int | None, ...]


class _Scheme(NamedTuple):
    """A way to spell pieces.

    Attributes:
        sign: what labels of this scheme have, and of no other.
        meaning: what the sign means, in words.
        spelling: how labels become text.
        has_sign: whether a label shows the sign.
        starts: whether a label starts a word after the label before it; both are of ordinary tokens.
    """

    sign: str
    meaning: str
    spelling: Spelling
    has_sign: Callable[[str], bool]
    starts: Callable[[str, str], bool]


def word_pieces(names: Sequence[str], special: Sequence[bool]) -> WordPieces | None:
    """The words of tokens whose labels are all spelled in one scheme; None where they are not.

    A special token belongs to no word. Without a sign a label starts a word at the beginning, and after a special
    token.

    Args:
        names: the tokens' labels.
        special: which tokens are special.
    """
    ordinary = [name for name, is_special in zip(names, special, strict=True) if not is_special]
    shown = [scheme for scheme in _SCHEMES if any(map(scheme.has_sign, ordinary))]
    if len(shown) != 1:
        return None
    (scheme,) = shown
    spelling = scheme.spelling
    if spelling.byte_level and _decoded("".join(ordinary)) is None:
        spelling = Spelling(space=scheme.sign)  # somebody decoded the bytes, and left the sign
    words, texts = _words(names, special, scheme), _texts(names, special, spelling)
    labels = tuple(
        name if is_special else spelling.label(name) for name, is_special in zip(names, special, strict=True)
    )
    return WordPieces(scheme.sign, scheme.meaning, labels, texts, words)


def _words(names: Sequence[str], special: Sequence[bool], scheme: _Scheme) -> tuple[int | None, ...]:
    words: list[int | None] = []
    number, before = -1, None
    for name, is_special in zip(names, special, strict=True):
        if is_special:
            words.append(None)
            before = None
            continue
        is_alone = before is None or _IN_PLACE.fullmatch(name) or _IN_PLACE.fullmatch(before)
        number += bool(is_alone) or scheme.starts(before or "", name)
        words.append(number)
        before = name
    return tuple(words)


def _texts(names: Sequence[str], special: Sequence[bool], spelling: Spelling) -> tuple[str, ...]:
    """The characters of each piece; one of several pieces belongs to the last of them."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    texts = []
    for name, is_special in zip(names, special, strict=True):
        if is_special:
            texts.append("")
        elif spelling.byte_level:
            texts.append(decoder.decode(bytes(byte_of_character()[c] for c in name)))
        else:
            text = name.removeprefix(spelling.prefix) if len(name) > len(spelling.prefix) else name
            text = text.removesuffix(spelling.suffix) if len(text) > len(spelling.suffix) else text
            texts.append(text.replace(spelling.space, " ") if spelling.space else text)
    return tuple(texts)


def _decoded(piece: str) -> str | None:
    """The text of a piece whose characters stand for bytes; None where they are not whole characters."""
    table = byte_of_character()
    try:
        return bytes(table[c] for c in piece).decode()
    except (KeyError, UnicodeDecodeError):
        return None


def _is_mark(name: str) -> bool:
    """Whether a piece has no letter and no digit: GPT-2's rule never joins such a one to a word."""
    text = _decoded(name)
    return text is not None and not any(c.isalnum() for c in text)


def _longer(name: str, sign: str) -> bool:
    return len(name) > len(sign)


_SCHEMES = (
    _Scheme(
        "Ġ",
        "starts a word",
        Spelling(byte_level=True),
        lambda name: name.startswith(("Ġ", "Ċ")),
        lambda before, name: name.startswith(("Ġ", "Ċ", "ĉ")) or _is_mark(before) != _is_mark(name),
    ),
    _Scheme(
        "▁",
        "starts a word",
        Spelling(byte_fallback=True, space="▁"),
        lambda name: name.startswith("▁"),
        lambda _, name: name.startswith("▁"),
    ),
    _Scheme(
        "##",
        "continues a word",
        Spelling(prefix="##"),
        lambda name: name.startswith("##") and _longer(name, "##") and not name.startswith("###"),
        lambda _, name: not (name.startswith("##") and _longer(name, "##")),
    ),
    _Scheme(
        "</w>",
        "ends a word",
        Spelling(suffix="</w>"),
        lambda name: name.endswith("</w>") and _longer(name, "</w>"),
        lambda before, _: before.endswith("</w>"),
    ),
    _Scheme(
        "@@",
        "continues in the next piece",
        Spelling(suffix="@@"),
        lambda name: name.endswith("@@") and _longer(name, "@@"),
        lambda before, _: not (before.endswith("@@") and _longer(before, "@@")),
    ),
)
