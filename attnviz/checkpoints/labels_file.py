"""Files of labels of heads: what ``attnviz probe syntax --json`` prints."""

from pathlib import Path
from typing import Any

import orjson

from attnviz.errors import InputError, brief, one_line
from attnviz.files import read_file
from attnviz.names import SCHEMA_NAME
from attnviz.trace.head_labels import HeadLabels, HeadRelation

LEAST_PAIRS = 20
"""Scored pairs that a label takes."""
LEAST_GAIN = 0.1
"""By how much a label's rate exceeds that of the best fixed distance (as Voita et al. 2019 ask)."""
_EXPECTED = "expected what attnviz probe syntax --json prints"


def read_labels(path: Path) -> HeadLabels:
    """The labels of a file: the relations that a head finds clearly better than a fixed distance does.

    Its whole interval is above the distance's rate, its rate a tenth, and it is scored on ``LEAST_PAIRS`` or more.

    Raises:
        InputError: the file cannot be read, or is something else.
    """
    where = one_line(path)
    try:
        document: Any = orjson.loads(read_file(path, _EXPECTED))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{where}: not JSON ({brief(error)}); {_EXPECTED}") from error
    if not isinstance(document, dict) or (document.get("schema"), document.get("probe")) != (SCHEMA_NAME, "syntax"):
        raise InputError(f"{where}: not the relations of a probe; {_EXPECTED}")
    try:
        rows = sorted((row for row in document["relations"] if _is_label(row)), key=_explained, reverse=True)
        relations: dict[tuple[int, int], tuple[HeadRelation, ...]] = {}
        for row in rows:
            place = int(row["layer"]), int(row["head"])
            found = HeadRelation(str(row["relation"]), one_line(row["label"]), float(row["rate"]))
            relations[place] = (*relations.get(place, ()), found)
        return HeadLabels(str(document["model"]["weights"]), one_line(document["treebank"]), relations)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: a relation lacks what a label needs ({brief(error)}); {_EXPECTED}") from error


def _is_label(row: dict[str, Any]) -> bool:
    is_clear = row["beats_offset"] and row["rate"] - row["offset_rate"] >= LEAST_GAIN
    return bool(is_clear and row["count"] >= LEAST_PAIRS and row["relation"] != "all")


def _explained(row: dict[str, Any]) -> float:
    """How many pairs the head finds that the best fixed distance does not."""
    return float(row["count"] * (row["rate"] - row["offset_rate"]))
