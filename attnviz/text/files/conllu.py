"""Treebanks in CoNLL-U, the format of Universal Dependencies: sentences with the words, heads and relations of trees.

A word of the tree is matched to the text by its characters. A multiword token (``1-2 don't``) is what the text has: its
words (``do``, ``n't``) share its characters out where they spell it, and else all stand for the whole. Empty nodes
(``8.1``) belong to enhanced trees, and the text has nothing of them: they are left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import accumulate, pairwise
from typing import BinaryIO, NamedTuple

from attnviz.errors import InputError, brief, one_line
from attnviz.records import dataclass
from attnviz.text.reading import read_lines

Span = tuple[int, int]

_COLUMNS = 10
_ID = re.compile(r"([0-9]{1,9})(?:([-.])([0-9]{1,9}))?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_EXPECTED = "expected CoNLL-U, ten columns separated by tabs"


@dataclass(frozen=True)
class TreeWord:
    """A word of a tree.

    Attributes:
        form: its own spelling.
        span: the place in ``ParsedSentence.spans`` of the characters that it is written with.
        head: the place of its head among the words; None for the root.
        relation: its relation to its head, with a subtype: ``nsubj:pass``.
    """

    form: str
    span: int
    head: int | None
    relation: str


@dataclass(frozen=True)
class ParsedSentence:
    """A sentence and its tree.

    Attributes:
        where: its place, ``en.conllu, line 12``: the line of its first word.
        text: as it is written.
        spans: the characters of each unit of the text, from and to: a word, or words that are written as one.
        words: of the tree, in order.
    """

    where: str
    text: str
    spans: tuple[Span, ...]
    words: tuple[TreeWord, ...]


class _Unit(NamedTuple):
    """What the text has in a piece: the forms that share it out, the words of the tree, and whether a space follows."""

    forms: list[str]
    n_words: int
    has_space: bool


@dataclass
class _Lines:
    """The lines of a sentence so far."""

    first: int = 0  # the number of the line of its first word
    text: str | None = None
    words: list[tuple[int, list[str]]] = field(default_factory=list)  # number of the line, columns
    ranges: list[tuple[int, int, str, bool]] = field(default_factory=list)  # first, last, form, whether a space follows


def read_conllu(stream: BinaryIO, name: str) -> Iterator[ParsedSentence | InputError]:
    """The sentences of a treebank, in order; one that cannot be read is its error.

    Args:
        stream: plain or packed.
        name: what messages call it.

    Raises:
        InputError: bytes that are not text, or nothing at all.
    """
    lines, error = _Lines(), None
    for number, line in _with_end(read_lines(stream, name, keeps_blank=True)):
        if line.strip():
            try:
                _add(lines, number, line, name)
            except InputError as cause:
                error = error or cause
        elif lines.first or error is not None:
            yield error or _sentence_or_error(lines, name)
            lines, error = _Lines(), None


def _with_end(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, and a blank one at the end."""
    number = 0
    for number, line in lines:
        yield number, line
    yield number + 1, ""


def _add(lines: _Lines, number: int, line: str, name: str) -> None:
    """One more line of a sentence."""
    if line.startswith("#"):
        key, equals, value = line[1:].partition("=")
        if equals and key.strip() == "text":
            lines.text = value.strip()
        return
    where, columns = f"{name}, line {number}", line.split("\t")
    if len(columns) != _COLUMNS:
        raise InputError(f"{where}: {len(columns)} column{'s' * (len(columns) != 1)}; {_EXPECTED}")
    lines.first = lines.first or number
    match = _ID.fullmatch(columns[0])
    if match is None:
        raise InputError(f"{where}: {brief(columns[0])!r} is not the number of a word; expected 1, 1-2 or 1.1")
    first, kind = int(match[1]), match[2]
    if kind == ".":
        return
    if kind == "-":
        _add_range(lines, (first, int(match[3])), columns, where)
        return
    if first != len(lines.words) + 1:
        raise InputError(f"{where}: word {first} comes after word {len(lines.words)}; expected {len(lines.words) + 1}")
    if not columns[1].strip():
        raise InputError(f"{where}: its form is missing; expected the word as it is written")
    lines.words.append((number, columns))


def _add_range(lines: _Lines, token: tuple[int, int], columns: list[str], where: str) -> None:
    """A multiword token, from its first word to its last."""
    (first, last), n = token, len(lines.words)
    if lines.ranges and first <= lines.ranges[-1][1]:
        before = "{}-{}".format(*lines.ranges[-1])
        raise InputError(f"{where}: token {columns[0]} overlaps token {before}; expected one after the other")
    if first != n + 1 or last <= first:
        raise InputError(
            f"{where}: token {columns[0]} comes after {n} word{'s' * (n != 1)}; expected it before its words"
        )
    lines.ranges.append((first, last, columns[1], _space_follows(columns)))


def _space_follows(columns: list[str]) -> bool:
    return "SpaceAfter=No" not in columns[9].split("|")


def _sentence_or_error(lines: _Lines, name: str) -> ParsedSentence | InputError:
    try:
        return _sentence(lines, name)
    except InputError as error:
        return error


def _sentence(lines: _Lines, name: str) -> ParsedSentence:
    where = f"{name}, line {lines.first}"
    if not lines.words:
        raise InputError(f"{where}: a sentence without words; {_EXPECTED}")
    units = list(_units(lines, where))
    text = lines.text
    if text is None:
        text = "".join("".join(unit.forms) + " " * unit.has_space for unit in units).rstrip()
    spans: list[Span] = []
    places: list[int] = []
    for unit in units:
        for form in unit.forms:
            spans.append(_place(form, text, spans[-1][1] if spans else 0, where))
        n = len(unit.forms)
        places += range(len(spans) - n, len(spans)) if n == unit.n_words else [len(spans) - 1] * unit.n_words
    if rest := text[spans[-1][1] :].strip():
        raise InputError(
            f"{where}: its text goes on with {brief(rest[:20])!r} after its last word; expected the words of the text"
        )
    words = tuple(
        _tree_word(columns, span, len(lines.words), f"{name}, line {number}")
        for (number, columns), span in zip(lines.words, places, strict=True)
    )
    _check_tree(words, [f"{name}, line {number}" for number, _ in lines.words])
    return ParsedSentence(where, text, tuple(spans), words)


def _units(lines: _Lines, where: str) -> Iterator[_Unit]:
    """What the text has, in order: of a word its form; of a multiword token its words' forms where they spell it."""
    ranges, i = {first: (last, form, space) for first, last, form, space in lines.ranges}, 1
    while i <= len(lines.words):
        if i not in ranges:
            columns = lines.words[i - 1][1]
            yield _Unit([columns[1]], 1, _space_follows(columns))
            i += 1
            continue
        last, form, space = ranges[i]
        if last > len(lines.words):
            raise InputError(f"{where}: token {i}-{last} has words past the last; expected at most {len(lines.words)}")
        forms = [columns[1] for _, columns in lines.words[i - 1 : last]]
        yield _Unit(_shared_out(form, forms), last - i + 1, space)
        i = last + 1


def _shared_out(form: str, forms: list[str]) -> list[str]:
    """The characters of a token by its words, whose letters may be of another case; all together where they differ."""
    spelled = "".join(forms)
    if spelled.casefold() != form.casefold() or len(spelled) != len(form):
        return [form]
    ends = list(accumulate(map(len, forms)))
    return [form[start:end] for start, end in pairwise([0, *ends])]


def _place(form: str, text: str, at: int, where: str) -> Span:
    """The characters of a form in the text, from a place on; white space counts as any other white space.

    Raises:
        InputError: the text goes on with something else.
    """
    pattern = r"\s+".join(map(re.escape, form.split())) or re.escape(form)
    match = re.compile(rf"\s*({pattern})").match(text, at)
    if match is None:
        rest = one_line(text[at : at + 20].strip())
        raise InputError(
            f"{where}: its text {f'goes on with {rest!r}' if rest else 'ends'} where its words have "
            f"{brief(form)!r}; expected the words of the text"
        )
    return match.span(1)


def _tree_word(columns: list[str], span: int, n_words: int, where: str) -> TreeWord:
    head, relation = columns[6], columns[7]
    if not _NUMBER.fullmatch(head) or int(head) > n_words:
        raise InputError(f"{where}: its head is {brief(head)!r}; expected a number from 0 to {n_words}")
    number = int(head)
    if relation.partition(":")[0] in ("", "_") and number:
        raise InputError(f"{where}: its relation is missing; expected one, such as nsubj")
    if not relation.isprintable() or " " in relation:
        raise InputError(f"{where}: its relation is {brief(relation)!r}; expected a word such as nsubj")
    return TreeWord(columns[1], span, number - 1 if number else None, relation)


def _check_tree(words: tuple[TreeWord, ...], places: list[str]) -> None:
    """Each word has to be below a root.

    Raises:
        InputError: the heads of a word lead back to it.
    """
    below_root: set[int] = set()
    for start in range(len(words)):
        path: dict[int, None] = {}
        at: int | None = start
        while at is not None and at not in below_root:
            if at in path:
                raise InputError(f"{places[at]}: its head, or the head of that, is the word itself; expected a tree")
            path[at] = None
            at = words[at].head
        below_root.update(path)
