"""A regular expression as a tokenizer: its matches are the tokens, and a ``vocab.txt`` has their ids."""

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from attnviz.errors import InputError, UsageError, brief, one_line
from attnviz.records import dataclass
from attnviz.text.engine.time_limit import time_limit
from attnviz.text.labels import printable
from attnviz.text.reading import check_id, check_text
from attnviz.text.tokenizer import REGEX
from attnviz.text.vocabularies import vocabulary_of_lines
from attnviz.trace.tokens import Token, Tokens

_MOST_SECONDS = 10.0  # for the matches of one text
_SINGLE, _PAIR = ("cls", 0, "sep"), ("cls", 0, "sep", 1, "sep")  # BERT's; a number is a text


@dataclass(frozen=True, eq=False)
class RegexTokenizer:
    """A tokenizer of Python's regular expressions; text between matches is left out, as ``re.findall`` does.

    Attributes:
        name: what to call it in messages.
        pattern: whose matches are the tokens.
        vocabulary: the ids of the tokens.
        specials: the special tokens by role: ``unk``, and ``cls``, ``sep``, ``pad``, ``mask`` where it has them.
    """

    name: str
    pattern: re.Pattern[str]
    vocabulary: Mapping[str, int]
    specials: Mapping[str, str]

    @property
    def n_vocab(self) -> int:
        """The largest id plus one."""
        return max(self.vocabulary.values()) + 1

    @property
    def unknown(self) -> str:
        """The token for whatever the vocabulary lacks."""
        return self.specials["unk"]

    @cached_property
    def _splitter(self) -> re.Pattern[str]:
        """Finds special tokens that are written in a text, which are whole in any case."""
        longest_first = sorted(self.specials.values(), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))

    def encode(self, text: str, pair: str | None = None, *, n_vocab: int) -> Tokens:
        """The tokens of a text and of a second segment, with the special tokens around them.

        Raises:
            InputError: a text without tokens; an expression that takes too long; an id that is not less than
                ``n_vocab``.
        """
        texts = (text,) if pair is None else (text, pair)
        tokens: list[Token] = []
        for part in _SINGLE if pair is None else _PAIR:
            if isinstance(part, int):
                tokens += self._segment(texts[part], part)
            elif part in self.specials:
                segment = tokens[-1].segment if tokens else 0
                tokens.append(self._special(part, segment))
        for token in tokens:
            check_id(self.name, token.piece, token.id or 0, n_vocab)
        return tuple(tokens)

    def padding_token(self, n_vocab: int) -> Token:
        """The token that fills up the length.

        Raises:
            InputError: the vocabulary has none.
        """
        if "pad" not in self.specials:
            raise InputError(f"{self.name}: it has no token for padding; expected one such as [PAD]")
        token = self._special("pad", 0, padding=True)
        check_id(self.name, token.piece, token.id or 0, n_vocab)
        return token

    def special_token(self, number: int) -> Token:
        """A special token by its id; one that the vocabulary lacks is called by its number."""
        piece = next((piece for piece, known in self.vocabulary.items() if known == number), f"[{number}]")
        return Token(text="", label=printable(piece), id=number, piece=piece, special=True)

    def _segment(self, text: str, segment: int) -> list[Token]:
        where = "text" if segment == 0 else "pair"
        check_text(text, where)
        try:
            with time_limit(_MOST_SECONDS):
                spans = list(self._spans(text))
        except TimeoutError as error:
            raise InputError(
                f"{where}: {self.name} needs more than {_MOST_SECONDS:g} seconds for it; "
                "expected a regular expression without repeats inside repeats, such as (a+)+"
            ) from error
        if not spans:
            raise InputError(f"{where}: {self.name} finds no token in it; expected at least one token")
        return [self._token(text, span, word, segment) for word, span in enumerate(spans)]

    def _token(self, text: str, span: tuple[int, int], word: int, segment: int) -> Token:
        start, end = span
        piece = text[start:end] if text[start:end] in self.vocabulary else self.unknown
        return Token(
            text=text[start:end],
            label=printable(piece),
            start=start,
            end=end,
            id=self.vocabulary[piece],
            piece=piece,
            word=word,
            segment=segment,
            type_id=segment,
        )

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        at = 0
        for special in self._splitter.finditer(text):
            yield from self._matches(text, at, special.start())
            yield special.span()
            at = special.end()
        yield from self._matches(text, at, len(text))

    def _matches(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Spans of the pattern in a part of a text, which it sees alone, as if the text ended there."""
        for match in self.pattern.finditer(text[start:end]):
            if match.end() > match.start():
                yield match.start() + start, match.end() + start

    def _special(self, role: str, segment: int, *, padding: bool = False) -> Token:
        piece = self.specials[role]
        number = self.vocabulary[piece]
        return Token(
            text="",
            label=printable(piece),
            id=number,
            piece=piece,
            special=True,
            padding=padding,
            segment=segment,
            type_id=segment,
        )


def regex_tokenizer(spec: str, path: Path, specials: Mapping[str, str]) -> RegexTokenizer:
    """The tokenizer of ``regex:PATTERN`` and of a vocabulary of one token per line.

    Args:
        spec: the prefix and Python's regular expression.
        path: the vocabulary.
        specials: tokens by role; those that the vocabulary lacks are left out.

    Raises:
        UsageError: it is not a regular expression.
        InputError: the vocabulary cannot be read, or has no token for what it does not know.
    """
    pattern = spec.removeprefix(REGEX)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the next version may read otherwise
            compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"tokenizer: {brief(pattern)} is not a regular expression ({brief(error)}); "
            "expected one of Python's, such as regex:\\w+"
        ) from error
    vocabulary = vocabulary_of_lines(path)
    known = {role: token for role, token in specials.items() if token in vocabulary}
    if "unk" not in known:
        raise InputError(f"{one_line(path)}: it has no {brief(specials['unk'])}; expected that special token")
    return RegexTokenizer(f"tokenizer {REGEX}{brief(pattern)}", compiled, vocabulary, known)
