"""Which fonts to look for, and what a picture does about characters that no font has."""

from collections.abc import Mapping

from attnviz.errors import one_line
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
_OUR_WORDS = f"…{MISSING}“”–×−"


def characters(attention: Attention, texts: tuple[tuple[str, str], ...] = ()) -> set[str]:
    """Every character that a picture of this attention may draw, except ASCII, which every font has.

    ``texts``: the texts that it shows, each with its name.
    """
    labels = [token.label for token in (*attention.queries, *attention.keys)]
    origin = (text for _, text in (*texts, *attention.origin))
    return {c for c in "".join([*labels, *origin, _OUR_WORDS]) if not c.isascii()}


def replacements(missing: set[str]) -> Instead:
    """A box for each missing character, and nothing for those that have no shape."""
    return {ord(c): None if _is_shapeless(c) else MISSING for c in missing}


def drawable(text: str, instead: Instead, index: int | None = None) -> str:
    """The text in characters that there are, with the token's index where something was lost."""
    drawn = text.translate(instead)
    return f"{drawn} #{index}" if index is not None and drawn.count(MISSING) > text.count(MISSING) else drawn


def missing_note(missing: set[str]) -> str | None:
    """One line for people about the characters that no font has; None if every character can be drawn."""
    seen = sorted(c for c in missing if not _is_shapeless(c))
    if not seen:
        return None
    more = f" and {len(seen) - 8} more" if len(seen) > 8 else ""
    return (
        f"fonts: no installed font has {one_line(' '.join(seen[:8]))}{more}; drawn as {MISSING} with the token's "
        "index, until a font that has them (such as Noto Sans) is installed"
    )


def _is_shapeless(character: str) -> bool:
    """Whether it is a joiner or a variation selector: nothing is lost without it."""
    return character in "\u200b\u200c\u200d\u2060\ufeff" or "\ufe00" <= character <= "\ufe0f"
