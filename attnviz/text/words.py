"""The built-in tokenizers: spans of words, of white-space separated pieces, of characters as people count them.

- ``word``: runs of letters, digits and underscores, with their combining marks. An apostrophe between two of them
  joins (``didn't``, ``l’eau``), a point or comma between digits too (``3.14``, ``1,000``). Every ideograph and kana
  is a token of its own, so are every punctuation mark and every symbol or emoji sequence. A hyphen is punctuation.
  Scripts without spaces or ideographs (Thai, Lao, Khmer, Burmese) would need a dictionary: a run of them is one token.
- ``whitespace``: what stands between Unicode white space.
- ``char``: extended grapheme clusters (UAX #29), white space included.

``word`` and ``whitespace`` yield no white space, and no tokenizer loses any other character.
"""

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer

BUILTIN = ("word", "whitespace", "char")

# The property White_Space, which is neither str.isspace (it has U+001C to U+001F) nor ASCII's.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# Importing `tokenizers` takes longer than splitting a sentence, so that plain ASCII goes without it. A test holds
# that both ways agree. Patterns are compiled when they are first used: most models bring a tokenizer of their own.
_ASCII = {"word": rf"(?a)\w+(?:(?:'|(?<=\d)[.,](?=\d))\w+)*|[^{WHITE_SPACE}]", "char": r"(?s)\r\n|."}
_WHITESPACE = f"[^{WHITE_SPACE}]+"

# Oniguruma's \X counts all flags before the place it stands at: quadratic in a row of flags. So flags come first.
_FLAG = r"\p{Regional_Indicator}{2}[\p{Grapheme_Extend}\p{Mc}\p{Emoji_Modifier}\x{200D}]*"
_CLUSTER = rf"{_FLAG}|\X"
_IDEOGRAPH = r"[\p{Ideographic}\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}\x{FF70}\x{3031}-\x{3035}\x{303C}]"
_KEYCAP = r"[0-9]\x{FE0F}?\x{20E3}"
_LETTER = rf"(?:(?!{_IDEOGRAPH}|{_KEYCAP})(?=[\p{{L}}\p{{N}}_])\X)"  # with its marks
_INNER = "|".join(
    (
        r"['\x{2018}\x{2019}\x{FF07}]",  # apostrophes
        r"[\x{B7}\x{5F3}\x{5F4}\x{AD}]",  # Catalan l·l, Hebrew geresh and gershayim, the soft hyphen
        r"""(?<=\p{Hebrew})"(?=\p{Hebrew})""",  # gershayim as they are typed
        r"(?<=\p{Nd})[.,\x{66B}\x{66C}](?=\p{Nd})",  # decimal points and thousands, also Arabic ones
    )
)
_WORD = rf"(?>{_LETTER}+(?:(?:{_INNER}){_LETTER}+)*)|{_CLUSTER}"


def split(text: str, how: str) -> list[tuple[int, int]]:
    """Start and end of every token of a text without lone surrogates, in order; in time linear in its length.

    Args:
        text: any Unicode text.
        how: one of ``BUILTIN``.
    """
    if how == "whitespace":
        return [match.span() for match in re.finditer(_WHITESPACE, text)]
    if text.isascii():
        return [match.span() for match in re.finditer(_ASCII[how], text)]
    return [span for _, span in unicode_splitter(how).pre_tokenize_str(text)]


@cache
def unicode_splitter(how: str) -> "PreTokenizer":
    """The ``tokenizers`` object that does ``word`` or ``char`` for any text."""
    from tokenizers import Regex  # noqa: PLC0415 (start-up time)
    from tokenizers.pre_tokenizers import Sequence, Split  # noqa: PLC0415

    if how == "char":
        return Split(Regex(_CLUSTER), "isolated")
    # White space goes first: a mark after a space, or a sign before one, would take it into its cluster.
    return Sequence([Split(Regex(f"[{WHITE_SPACE}]+"), "removed"), Split(Regex(_WORD), "isolated")])


def token_id(text: str, n_vocab: int) -> int:
    """The token's row of the embedding table, from its text alone: BLAKE2b of its UTF-8, modulo ``n_vocab``."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") % n_vocab
