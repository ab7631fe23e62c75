"""Labels and lines of text in any view: measured in cells, cut between graphemes, told apart.

A label from right to left stands between invisible isolates (FSI, PDI), so that it does not turn its line around.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

_FSI, _PDI = "\u2068", "\u2069"


def cell_width(text: str) -> int:
    """Columns that a text takes: 2 for 日, 0 for a combining mark."""
    return cell_len(text)


def cut(label: str, width: int, *, ascii: bool = False) -> str:  # noqa: A002 (what the screen calls it)
    """The label in at most so many columns; what was cut ends in ``…`` (``~`` in ASCII)."""
    if cell_width(label) <= width:
        return label
    if width <= 0:
        return ""
    return first_columns(label, width - 1) + ("~" if ascii else "…")


def first_columns(label: str, width: int) -> str:
    """As much of a label as so many columns hold, without a sign of the cut."""
    kept = ""
    for cluster in graphemes(label):
        if cell_width(kept + cluster) > width:
            break
        kept += cluster
    return kept


def cut_apart(
    labels: Sequence[str], numbers: Sequence[int], width: int, cutting: Callable[[str, int], str] = cut
) -> list[str]:
    """Labels in at most so many columns; where two that differ would look the same, with ``#number`` at their ends.

    Args:
        labels: the labels.
        numbers: their tokens' numbers.
        width: the columns of one label.
        cutting: cuts one label to a width.
    """
    shown = [cutting(label, width) for label in labels]
    wholes: dict[str, set[str]] = {}
    for short, label in zip(shown, labels, strict=True):
        wholes.setdefault(short, set()).add(label)
    return [
        f"{cutting(label, width - len(f'#{number}'))}#{number}" if len(wholes[short]) > 1 else short
        for short, label, number in zip(shown, labels, numbers, strict=True)
    ]


def cut_middle(text: str, width: float, measure: Callable[[str], float]) -> str:
    """The text in at most so much width; of a longer one its start and its end, between whole characters.

    Args:
        text: the text.
        width: in the unit of ``measure``.
        measure: the width of a text.

    Returns:
        The text with ``…`` for what was left out; nothing where not even that fits.
    """
    if measure(text) <= width:
        return text
    clusters = graphemes(text)

    def shortened(n: int) -> str:
        n_last = n // 2
        return "".join(clusters[: n - n_last]) + "…" + "".join(clusters[len(clusters) - n_last :])

    fewest, most = -1, len(clusters) - 1  # characters kept: so many fit, more than so many do not
    while fewest < most:
        n = (fewest + most + 1) // 2
        fewest, most = (n, most) if measure(shortened(n)) <= width else (fewest, n - 1)
    return shortened(fewest) if fewest >= 0 else ""


def cut_middle_apart(
    labels: Sequence[str],
    numbers: Sequence[int],
    width: float,
    measure: Callable[[str], float],
    *,
    equal: bool = True,
) -> list[str]:
    """Labels cut in the middle; those that look the same have ``#number`` at their ends.

    Args:
        labels: the labels.
        numbers: their tokens' numbers.
        width: of one label, in the unit of ``measure``.
        measure: the width of a text.
        equal: number labels that are equal before the cut, too.
    """
    shown = [cut_middle(label, width, measure) for label in labels]
    alike: dict[str, list[str]] = {}
    for short, label in zip(shown, labels, strict=True):
        alike.setdefault(short, []).append(label)

    def apart(short: str, label: str, number: int) -> str:
        if len(alike[short] if equal else set(alike[short])) == 1:
            return short
        mark = f"#{number}"
        return cut_middle(label, width - measure(mark), measure) + mark

    return [apart(*each) for each in zip(shown, labels, numbers, strict=True)]


def wrapped(text: str, width: int, *, ascii: bool = False) -> Iterator[str]:  # noqa: A002
    """The text in lines of at most so many columns, broken at spaces; a longer word is cut."""
    line = ""
    for word in text.split(" "):
        if line and cell_width(f"{line} {word}") > width:
            yield line
            line = ""
        line = cut(f"{line} {word}" if line else word, width, ascii=ascii)
    yield line


def parts_that_differ(a: str, b: str, width: int, *, ascii: bool = False) -> tuple[str, str]:  # noqa: A002
    """Two texts, of which a line shows so many columns: where one does not fit, both from shortly before they differ.

    What is left out at the start is ``…`` (``~`` in ASCII); the ends are not cut.
    """
    if a == b or max(map(cell_width, (a, b))) <= width:
        return a, b
    first, second = graphemes(a), graphemes(b)
    same = next(
        (i for i, (x, y) in enumerate(zip(first, second, strict=False)) if x != y), min(len(first), len(second))
    )
    if cell_width("".join(first[:same])) < width * 2 // 3:
        return a, b
    left = max(cell_width("".join(text[same:])) for text in (first, second))
    start, room = same, max(width // 3, width - 1 - left)
    while start > 0 and (room := room - cell_width(first[start - 1])) >= 0:
        start -= 1
    spaces = [i for i in range(start, same) if first[i] == " "]
    start = spaces[0] + 1 if spaces else start
    mark = "~" if ascii else "…"
    return mark + "".join(first[start:]), mark + "".join(second[start:])


def fit(label: str, width: int, *, right: bool = False, ascii: bool = False) -> str:  # noqa: A002
    """The label in exactly so many columns, at their left, or at their right."""
    label = cut(label, width, ascii=ascii)
    room = " " * (width - cell_width(label))
    label = isolated(label)
    return room + label if right else label + room


def isolated(label: str) -> str:
    """A label that reads from right to left, kept from turning what is around it."""
    return f"{_FSI}{label}{_PDI}" if is_right_to_left(label) else label


def is_right_to_left(label: str) -> bool:
    """Whether some of it reads from right to left."""
    return not label.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in label)


def is_upright(label: str) -> bool:
    """Whether it is one wide character, such as 日, which nobody should have to read lying on its side."""
    return len(graphemes(label)) == 1 and cell_width(label) == 2


def unique(labels: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """The labels, with ``#number`` where two are equal."""
    counts = Counter(labels)
    return [f"{label}#{i}" if counts[label] > 1 else label for i, label in zip(numbers, labels, strict=True)]


def graphemes(text: str) -> list[str]:
    """The pieces of a text that must not be cut apart: a character with its marks, joined and paired ones."""
    clusters: list[str] = []
    flags = 0
    for c in text:
        is_flag = "\U0001f1e6" <= c <= "\U0001f1ff"
        joins = bool(clusters) and (
            c == "\u200d"
            or clusters[-1].endswith("\u200d")
            or unicodedata.category(c)[0] == "M"
            or "\ufe00" <= c <= "\ufe0f"
            or "\U0001f3fb" <= c <= "\U0001f3ff"
            or "\U000e0020" <= c <= "\U000e007f"
            or (is_flag and flags % 2 == 1)
        )
        flags = flags + 1 if is_flag else 0
        if joins:
            clusters[-1] += c
        else:
            clusters.append(c)
    return clusters
