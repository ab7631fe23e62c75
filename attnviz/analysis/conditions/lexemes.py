"""A condition's text cut into names, numbers, signs and marks."""

import re

from attnviz.analysis.heads.table import ConditionError
from attnviz.records import dataclass

_LEXEME = re.compile(
    r"""\s*(?:
      (?P<place>L-?[0-9]+(?:H-?[0-9]+)?(?!\w))
    | (?P<number>[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]))
    | (?P<name>[^\W\d]\w*)
    | (?P<sign><=|>=|==|!=|<|>)
    | (?P<quoted>"[^"]*"|'[^']*')
    | (?P<mark>[().])
    | (?P<end>\Z)
    | (?P<wrong>[-+]?\.?[0-9][\w.]*|&&|\|\||.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPELLED = {"=": "==", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "≤": "<=", "≥": ">=", "≠": "!="}


@dataclass(frozen=True)
class Lexeme:
    """A name, number, sign or mark of a condition, with its column from 1."""

    kind: str
    text: str
    column: int


def lexemes(text: str) -> list[Lexeme]:
    """The parts of a condition in order, the last of kind ``end``.

    Raises:
        ConditionError: a part that no condition can have.
    """
    found = []
    for match in _LEXEME.finditer(text):
        kind = match.lastgroup or "wrong"
        found.append(Lexeme(kind, match[kind], match.start(kind) + 1))
        if kind == "end":
            break
        if kind == "wrong":
            raise ConditionError(found[-1].column, _wrong(match[kind]))
    return found


def _wrong(word: str) -> str:
    if word.strip("+-.")[:1].isdigit():
        return f"{in_quotes(word)} is not a number; expected one such as 0.5"
    if word in ("'", '"'):
        return f"the quote {word} is not closed; expected another {word}"
    expected = _SPELLED.get(word, "names, numbers, comparisons, and, or, not, parentheses")
    return f"unexpected {in_quotes(word)}; expected {expected}"


def in_quotes(word: str) -> str:
    """A word as a message shows it: in quotes, a long one cut."""
    return repr(word if len(word) <= 30 else f"{word[:30]}…")
