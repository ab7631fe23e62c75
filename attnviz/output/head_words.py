"""What a head does, in words: its label with the numbers that say so, and how many heads have which."""

from collections import Counter
from collections.abc import Iterable

from attnviz.analysis.heads.labels import LABELS, REST_LABELS
from attnviz.output.labels import cut
from attnviz.output.rendering import Document

MOST_LABEL = 29  # columns
_FEW_ROWS = 2  # that a label depends on, so that it says so
_LEAST_REST = 0.5  # of a head without a pattern, from which its label says where it rests
_MAINLY = 2 / 3  # of all rest on one token, from which that token is named
_MOST_NAME = 8  # columns of a token that a head rests on
_OF_TOKENS = ("previous", "next", "same")
_MOST_NAMES = 3  # of tokens that the legend lists
_PLACES = {
    "special": "special tokens",
    "first": "the first token",
    "others": "tokens that are left out",
    "sink": "the sink",
}  # which no token's label names
_AIMS = {
    "previous": "the previous token",
    "next": "the next token",
    "self": "the token itself",
    "same": "equal tokens",
    "induction": "what followed an equal token",
}


def label_text(label: Document, *, is_ascii: bool = False) -> str:
    """A label with its numbers: ``previous 0.98 of 0.34``, ``same 0.70, 1 row``, ``mixed, rests on [CLS] 0.53``.

    Args:
        label: as ``heads --json`` has it.
        is_ascii: whether only ASCII can be printed.
    """
    name, rest = label["name"], _rest(label)
    if rest is not None:
        words = f"rests on {cut(rest[0], _MOST_NAME, ascii=is_ascii)} {rest[1]:.2f}"
        return words if name in REST_LABELS else f"{name}, {words}"
    if label["share"] is None:
        return f"{name}: no row" if label["of"] is None else name  # cross-attention has none of the patterns
    shares = f"{label['share']:.2f}"
    if label["of"] is not None and round(label["of"], 2) < 1:
        shares += f" of {label['of']:.2f}"
    if name == "mixed":
        return f"mixed: {label['metric']} {shares}"
    rows = label["rows"]
    return f"{name} {shares}" + (f", {rows} row{'s' * (rows != 1)}" if rows <= _FEW_ROWS else "")


def relation_text(relation: Document) -> str:
    """A relation that a head finds in a treebank, with the share that it finds: ``subject -> verb 0.60``."""
    return f"{relation['label']} {relation['rate']:.2f}"


def _rest(label: Document) -> tuple[str, float] | None:
    """The token on which the head rests and its share, of a head that does little else; None of others.

    Where no token has most of it, ``special`` and the share of all of them.
    """
    places = {name: share for name, share in label["rest"].items() if share is not None}
    total = sum(places.values())
    if label["name"] not in REST_LABELS and (label["name"] not in ("broad", "mixed") or total < _LEAST_REST):
        return None
    if not places:
        return label["name"], label["share"]
    name = max(places, key=places.__getitem__)
    return (name, places[name]) if places[name] >= _MAINLY * total else ("special", total)


def summary_text(labels: Iterable[Document]) -> str:
    """How many heads have which label, and how many rest where: ``2 previous-token, 9 mixed; 4 rest on [CLS]``."""
    labels = list(labels)
    names = Counter(label["name"] for label in labels)
    rests = Counter(rest[0] for rest in map(_rest, labels) if rest is not None)
    counts = {name: f"{names[name]} {name}" for name in LABELS if names[name] and name not in REST_LABELS}
    for name in [name for name in counts if name in _OF_TOKENS][:1]:
        counts[name] += "-token"  # which the others mean too
    resting = ", ".join(f"{n} on {_PLACES.get(name, name)}" for name, n in rests.most_common())
    verb = "rests" if max(rests.values(), default=0) == 1 else "rest"
    return "; ".join(filter(None, (", ".join(counts.values()), resting.replace(" on ", f" {verb} on ", 1))))


def legend_text(labels: Iterable[Document]) -> str:
    """What the two shares of the first label that has both say; empty where none has."""
    for label in labels:
        text = label_text(label)
        if label["name"] in _AIMS and " of " in text:
            names = [_PLACES.get(name, name) for name in label["rest"]]
            places = " or ".join(names) if len(names) <= _MOST_NAMES else "special tokens"
            return (
                f"{label['name']} {label['share']:.2f} of {label['of']:.2f}: {label['of']:.2f} of the attention does "
                f"not rest on {places}; of that, {label['share']:.2f} goes to {_AIMS[label['name']]}."
            )
    return ""
