"""Rows of a probe as comma-separated values (RFC 4180): numbers in full, what is undefined an empty field."""

import csv
import io
from collections.abc import Mapping, Sequence


def rows_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """A header, and a line per row; ``z`` of a name has a column of its own, ``name_z``."""
    stream = io.StringIO()
    flat = [_flat(row) for row in rows]
    writer = csv.DictWriter(stream, list(flat[0]) if flat else [])
    writer.writeheader()
    writer.writerows(flat)
    return stream.getvalue()


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{inner}_{name}": number for inner, number in value.items()}
        else:
            flat[name] = value
    return flat
