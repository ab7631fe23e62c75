"""Which fonts to look for, and what a picture does about characters that no font has."""

import unicodedata
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

from attnviz.errors import one_line
from attnviz.output.labels import graphemes
from attnviz.trace.attention import Attention

Instead = Mapping[int, str | None]
"""What to draw for each missing character, as :meth:`str.translate` takes it."""

# Each is tried for the characters that the ones before it lack.
FONTS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Source Han Sans",
    "Source Han Sans JP",
    "Source Han Sans SC",
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "IPAexGothic",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Kohinoor Devanagari",
    "Nirmala UI",
    "Noto Sans Thai",
    "Thonburi",
    "Leelawadee UI",
    "Noto Emoji",
    "Segoe UI Emoji",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "Segoe UI Symbol",
    "Apple Symbols",
    "Symbola",
    "Arial Unicode MS",
    "Unifont",
)
MISSING = "□"
_JOINER, _KEYCAP, _BLACK_FLAG = "\u200d", "\u20e3", "\U0001f3f4"
_OUR_WORDS = f"…{MISSING}“”–×−"


def characters(attention: Attention, texts: tuple[tuple[str, str], ...] = ()) -> set[str]:
    """Every character that a picture of this attention may draw, except ASCII, which every font has.

    ``texts``: the texts that it shows, each with its name.
    """
    labels = [token.label for token in (*attention.queries, *attention.keys)]
    origin = (text for _, text in (*texts, *attention.origin))
    return {c for c in "".join([*labels, *origin, _OUR_WORDS]) if not c.isascii()}


def replacements(missing: set[str]) -> Instead:
    """What is drawn for each missing character: a symbol's name, nothing for what has no shape, or else a box."""
    return {ord(c): None if _is_shapeless(c) else _symbol_name(c) or MISSING for c in missing}


def drawable(text: str, instead: Instead, index: int | None = None) -> str:
    """The text in characters that there are, with the token's index where something was lost.

    The name of a symbol is in brackets where there is more than symbols: ``fine (slightly smiling face)``.
    """
    if not any(ord(c) in instead for c in text):
        return text
    pieces = [_spelled(cluster, instead) for cluster in graphemes(text)]
    only_names = all(is_name for _, is_name in pieces)
    drawn, after_name = "", False
    for is_name, group in groupby(pieces, key=itemgetter(1)):
        run = [piece for piece, _ in group]
        words = _listed(run) if is_name else "".join(run)
        if (is_name and drawn[-1:].isalnum()) or (after_name and words[:1].isalnum()):
            drawn += " "
        drawn += f"({words})" if is_name and not only_names else words
        after_name = is_name
    return f"{drawn} #{index}" if index is not None and drawn.count(MISSING) > text.count(MISSING) else drawn


def missing_note(missing: set[str]) -> str | None:
    """One line for people about the characters that no font has; None if every character can be drawn."""
    seen = sorted(c for c in missing if not _is_shapeless(c))
    boxes, named = ([c for c in seen if bool(_symbol_name(c)) is is_symbol] for is_symbol in (False, True))
    words = []
    if boxes:
        words.append(
            f"no installed font has {_some_characters(boxes)}; drawn as {MISSING} with the token's index, until a font "
            "that has them (such as Noto Sans) is installed"
        )
    if named:
        words.append(f"no installed font has {_some_characters(named)}; drawn by name")
    return f"fonts: {'; '.join(words)}" if words else None


def _some_characters(characters: list[str]) -> str:
    more = f" and {len(characters) - 8} more" if len(characters) > 8 else ""
    return f"{one_line(' '.join(characters[:8]))}{more}"


def _listed(names: list[str]) -> str:
    """Names with commas between them; of equal ones in a row the first, and how many they are."""
    counts = [(name, len(list(same))) for name, same in groupby(names)]
    return ", ".join(f"{name} ×{n}" if n > 1 else name for name, n in counts)


def _spelled(cluster: str, instead: Instead) -> tuple[str, bool]:
    """What is drawn for one character as people see it, and whether that is a name."""
    lost = [c for c in cluster if ord(c) in instead and not _is_shapeless(c)]
    if not any(instead[ord(c)] != MISSING for c in lost):
        return cluster.translate(instead), False
    if all("\U0001f1e6" <= c <= "\U0001f1ff" for c in cluster) and len(cluster) == 2:
        return "flag " + "".join(chr(ord(c) - 0x1F1E6 + ord("A")) for c in cluster), True
    if cluster[0] == _BLACK_FLAG and (tags := [c for c in cluster if "\U000e0020" <= c <= "\U000e007e"]):
        return "flag " + "".join(chr(ord(c) - 0xE0000) for c in tags), True
    if _KEYCAP in lost:
        return f"keycap {cluster[0].translate(instead)}", True
    parts = [part.translate(_Names(instead)).strip() for part in cluster.split(_JOINER)]
    return " + ".join(filter(None, parts)), True


class _Names(dict[int, str | None]):
    """What is drawn for the characters of one symbol: names with spaces between them, nothing for the shapeless."""

    def __init__(self, instead: Instead):
        super().__init__()
        self._instead = instead

    def __missing__(self, code: int) -> str | None:
        if _is_shapeless(chr(code)):
            return None
        name = self._instead.get(code, chr(code))
        return f" {name}" if name else None


def _symbol_name(character: str) -> str:
    """The name of a symbol or an emoji in small letters; nothing for letters and for what has no name."""
    category = unicodedata.category(character)
    if category[0] != "S" and category != "No" and character != _KEYCAP:
        return ""
    name = unicodedata.name(character, "").lower()
    return name.replace("emoji modifier fitzpatrick type-", "tone ").replace("symbol letter ", "")


def _is_shapeless(character: str) -> bool:
    """Whether it is a joiner, a tag or a variation selector: nothing is lost without it."""
    is_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    # The format characters of Arabic are signs that are seen.
    return is_selector or (unicodedata.category(character) == "Cf" and unicodedata.bidirectional(character) != "AN")
