"""Blenderbot-small's tokenizer: pairs of letters merged into pieces, of which ``@@`` ends all but a word's last."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import one_line
from attnviz.records import dataclass
from attnviz.text.engine.faults import library_errors
from attnviz.text.labels import printable
from attnviz.text.pieces.textwise import TextwiseTokenizer
from attnviz.text.pieces.wholes import parts_between, wholes_pattern
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer
from attnviz.text.vocabularies import add_specials, merge_pairs, piece_numbers
from attnviz.trace.tokens import Token

if TYPE_CHECKING:
    from tokenizers import Tokenizer as LibraryTokenizer

_CONTINUED, _END = "@@", "</w>"
_NEW_LINE = " __newln__"

Placed = tuple[str, int]  # a character, and its place in the text


@dataclass(frozen=True, eq=False)
class SubwordTokenizer(TextwiseTokenizer):
    """The tokenizer of Blenderbot-small (Roller et al. 2021), by the merges of Sennrich et al. 2016.

    The object of the ``tokenizers`` library is what native files keep.

    Attributes:
        numbers: the id of each piece.
        ranks: the pairs that are merged, the best first.
        unk: the piece for what is unknown.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    ranks: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unk: str = ""

    def split(self, text: str, segment: int) -> list[Token]:
        """The tokens of a text alone."""
        tokens: list[Token] = []
        word = -1
        for start, end, added in parts_between(text, self._wholes):
            if added is not None:
                token = replace(self._added_token(added, segment, 0), text=text[start:end], start=start, end=end)
                word += 1
                tokens.append(replace(token, special=False, word=word))
                continue
            for one in _words(text, start, end):
                word += 1
                tokens += [replace(token, word=word, segment=segment) for token in self._pieces(text, one)]
        return tokens

    @cached_property
    def _wholes(self) -> re.Pattern[str] | None:
        return wholes_pattern(self.library)

    def _pieces(self, text: str, word: list[Placed]) -> Iterator[Token]:
        at = 0
        pieces = _merged([character for character, _ in word], self.ranks)
        for i, piece in enumerate(pieces):
            places = [place for _, place in word[at : at + len(piece)]]
            at += len(piece)
            spelled = piece if i == len(pieces) - 1 else piece + _CONTINUED
            known = spelled if spelled in self.numbers else self.unk
            start, end = places[0], places[-1] + 1
            yield Token(
                text=text[start:end],
                label=printable(known.removesuffix(_CONTINUED)),
                start=start,
                end=end,
                id=self.numbers[known],
                piece=known,
            )


def _words(text: str, start: int, end: int) -> Iterator[list[Placed]]:
    """The words of a part of a text, in lower case: a sign of punctuation begins one, an apostrophe is one."""
    for found in re.compile(r"\S+\n?").finditer(text, start, end):
        spaced: list[Placed] = []
        for place in range(found.start(), found.end()):
            before, after = (" " if text[place] in signs else "" for signs in (".,!?()'", "'"))
            spaced += [(character, place) for character in f"{before}{text[place]}{after}"]
        if spaced[-1][0] == "\n" and not spaced[-2][0].isspace():  # two signs of space become one space
            spaced[-1:] = [(character, spaced[-1][1]) for character in _NEW_LINE]
        word: list[Placed] = []
        for character, place in [*spaced, (" ", 0)]:
            if not character.isspace():
                word.append((character, place))
            elif word:
                yield _lowered(word)
                word = []


def _lowered(word: list[Placed]) -> list[Placed]:
    lower = "".join(character for character, _ in word).lower()
    places = [place for character, place in word for _ in character.lower()]
    return list(zip(lower, places, strict=True))


def _merged(characters: list[str], ranks: Mapping[tuple[str, str], int]) -> list[str]:
    """The pieces of a word, after all merges of its pairs."""
    pieces = [*characters[:-1], characters[-1] + _END]
    while len(pieces) > 1:
        best = min(pairwise(pieces), key=lambda two: ranks.get(two, len(ranks)))
        if best not in ranks:
            break
        merged: list[str] = []
        for piece in pieces:
            if merged and (merged[-1], piece) == best:
                merged[-1] += piece
            else:
                merged.append(piece)
        pieces = merged
    pieces[-1] = pieces[-1].removesuffix(_END)
    return pieces


def subword_tokenizer(
    files: tuple[Path, Path], specials: Mapping[str, str], *, name: str, settings: Mapping[str, Any]
) -> SubwordTokenizer:
    """The tokenizer of a ``vocab.json`` and a ``merges.txt``.

    Args:
        files: the two.
        specials: the special tokens by role.
        name: what messages call it.
        settings: of the folder's ``tokenizer_config.json``.

    Raises:
        InputError: a file that cannot be read or is not such a list.
    """
    numbers = piece_numbers(files[0], specials["unk"])
    pairs = [(first, second) for first, second in merge_pairs(files[1])]
    fault = f"{one_line(files[0])}: with {files[1].name} it is not a vocabulary"
    with library_errors(fault, "expected pieces and their ids"):
        made = _as_library(numbers, pairs, specials)
    add_specials(made, files[0], specials, ("$A", "$A $B"), switches={}, trim_offsets=False)
    bare = pretrained_tokenizer(made, name=name, settings=settings)
    bare = replace(
        bare, n_vocab=max(len(numbers), *made.get_added_tokens_decoder())
    )  # of those, no text ends in others
    return SubwordTokenizer(
        **{field: getattr(bare, field) for field in PretrainedTokenizer.__dataclass_fields__},
        numbers=numbers,
        ranks={pair: rank for rank, pair in enumerate(pairs)},
        unk=specials["unk"],
    )


def _as_library(
    numbers: Mapping[str, int], pairs: list[tuple[str, str]], specials: Mapping[str, str]
) -> "LibraryTokenizer":
    """The library's tokenizer with these pieces, of which the last of a word ends in ``</w>``, and their merges."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415 (start-up)

    def spelled(piece: str) -> str:
        whole = piece in specials.values()
        return piece if whole else piece.removesuffix(_CONTINUED) if piece.endswith(_CONTINUED) else piece + _END

    ids = {spelled(piece): number for piece, number in numbers.items()}
    for piece in (one for two in pairs for one in (*two, "".join(two))):  # what is only on the way to a piece
        ids.setdefault(piece, len(ids))
    made = Tokenizer(models.BPE(ids, pairs, unk_token=specials["unk"], end_of_word_suffix=_END))
    made.normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex(r"(?<=[^\s'])\n"), f"{_NEW_LINE} "), normalizers.Lowercase()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex("[.,!?()]"), "merged_with_next"),
            pre_tokenizers.Split("'", "isolated"),
        ]
    )
    made.decoder = decoders.BPEDecoder(_END)
    return made
