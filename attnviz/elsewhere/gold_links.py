"""Word alignments by people, in the format of Pharaoh: ``0-0`` is a sure link, ``1p2`` a possible one."""

import re
from pathlib import Path

from attnviz.errors import InputError, brief, one_line
from attnviz.files import open_file
from attnviz.text.reading import read_lines

_LINK = re.compile(r"([0-9]{1,6})([-p?])([0-9]{1,6})")
_EXPECTED = "expected links of words by people, a line per pair of sentences, such as 0-0 1p2"

NumberedLinks = tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]
"""The sure links of a line, and all that are possible, as numbers of a source word and a target word from 0."""


def read_gold_links(path: Path, *, one_based: bool = False) -> dict[int, NumberedLinks]:
    """The links of each line, by its number from 1; an empty line has none.

    Args:
        path: the file.
        one_based: whether its words are counted from 1.

    Raises:
        InputError: a file that cannot be read, or something that is not a link.
    """
    name = one_line(path)
    with open_file(path, _EXPECTED) as stream:
        lines = read_lines(stream, name, keeps_blank=True)
        return {number: _links(line, f"{name}, line {number}", int(one_based)) for number, line in lines}


def _links(line: str, where: str, first: int) -> NumberedLinks:
    sure, possible = set(), set()
    for word in line.split():
        match = _LINK.fullmatch(word)
        if match is None:
            raise InputError(
                f"{where}: {brief(word)!r} is not a link; expected a source word and a target word, 0-0 where "
                "it is sure and 0p0 where it is possible"
            )
        link = int(match[1]) - first, int(match[3]) - first
        if min(link) < 0:
            raise InputError(f"{where}: {word} counts from 0; expected numbers from 1, as --one-based says")
        possible.add(link)
        if match[2] == "-":
            sure.add(link)
    return frozenset(sure), frozenset(possible)
