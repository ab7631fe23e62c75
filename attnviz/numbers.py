"""Lists of layers or heads as people spell them: ``0,2-3,-1`` or ``L2H8,L1H7``."""

import re

from attnviz.errors import UsageError, brief

_PART = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9}))?")
_MOST_DIGITS = 9
_HEAD = re.compile(r"L(-?\d{1,9})H(-?\d{1,9})", re.IGNORECASE)


def parse_numbers(text: str, n: int, unit: str) -> tuple[int, ...]:
    """The numbers that a text such as ``0,2-3,-1`` names, in its order, each once.

    Args:
        text: numbers and ranges, separated by commas; negative numbers count from the end.
        n: how many there are.
        unit: ``layer`` or ``head``, for the messages.

    Raises:
        UsageError: it cannot be read, or names a number that does not exist.
    """
    numbers: list[int] = []
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if not match:
            names = ", or names such as L2H8,L1H7" * (unit == "head")
            hint = f"a head has one name: --head {part.strip()}" if _HEAD.fullmatch(part.strip()) else None
            raise UsageError(
                f"{unit}: {brief(part.strip())!r} cannot be read; expected all, or numbers such as 0,2-3,-1{names}",
                hint=hint,
            )
        first = counted(int(match[1]), n, unit)
        last = first if match[2] is None else counted(int(match[2]), n, unit)
        if last < first:
            raise UsageError(f"{unit}: {brief(part.strip())!r} runs backwards; expected the smaller number first")
        numbers += range(first, last + 1)
    return tuple(dict.fromkeys(numbers))


def parse_heads(text: str) -> tuple[tuple[int, int], ...] | None:
    """The layers and heads of a list of names such as ``L2H8,L1H7``; None where no part of it is a name.

    Raises:
        UsageError: some parts are names and others are not.
    """
    parts = [part.strip() for part in text.split(",")]
    matches = [_HEAD.fullmatch(part) for part in parts]
    if not any(matches):
        return None
    names = [(int(match[1]), int(match[2])) for match in matches if match]
    if len(names) < len(parts):
        wrong = next(part for part, match in zip(parts, matches, strict=True) if not match)
        raise UsageError(
            f"head: {brief(wrong)!r} beside names of heads cannot be read; expected only names such as L2H8,L1H7"
        )
    return tuple(dict.fromkeys(names))


def counted(number: int, n: int, unit: str) -> int:
    """The number from 0 of one that may count from the end.

    Raises:
        UsageError: there is none of that number.
    """
    if not -n <= number < n:
        numbers = "0" if n == 1 else f"0-{n - 1}"
        raise UsageError(f"{unit}: there is no {unit} {number}; expected {numbers} (or from the end, -1)")
    return number % n


def spans(numbers: tuple[int, ...]) -> str:
    """Whole numbers in the spelling of ``--layer`` and ``--head``: (0, 2, 3, 4) is ``0,2-4``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


def is_count(text: str) -> bool:
    """Whether a text is a number from 0 with up to nine digits; Python refuses to read those with thousands."""
    return text.isdecimal() and len(text) <= _MOST_DIGITS
