"""Heads as comma-separated values (RFC 4180): numbers in full, what is undefined an empty field."""

import csv
import io
from collections.abc import Mapping, Sequence


def heads_csv(document: Mapping[str, object], columns: Sequence[str]) -> str:
    """A header, and a row a head.

    Args:
        document: the heads as ``heads --json`` gives them.
        columns: the metrics; of several texts each is followed by its spread, but ``jsd``, which has none.
    """
    spread = {name: document["texts"] > 1 and name != "jsd" for name in columns}
    stream = io.StringIO()
    writer = csv.writer(stream)
    metrics = [field for name in columns for field in (name, f"{name}_spread")[: 1 + spread[name]]]
    writer.writerow(["layer", "head", "label", "label_metric", "label_value", *metrics])
    for row in document["heads"]:
        label = row["label"]
        numbers = [n for name in columns for n in ([row[name], row["spread"][name]] if spread[name] else [row[name]])]
        writer.writerow([row["layer"], row["head"], label["name"], label["metric"], label["value"], *numbers])
    return stream.getvalue()
