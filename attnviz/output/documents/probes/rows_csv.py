"""Rows of a probe as comma-separated values."""

from collections.abc import Mapping, Sequence

from attnviz.output.documents.csv_text import csv_text


def rows_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """A header, and a line per row; ``z`` of a name has a column of its own, ``name_z``."""
    flat = [_flat(row) for row in rows]
    names = list(flat[0]) if flat else []
    return csv_text(names, ([row[name] for name in names] for row in flat))


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{inner}_{name}": number for inner, number in value.items()}
        else:
            flat[name] = value
    return flat
