"""The JSON Schema of everything that ``--json`` prints: ``schema.json``, filled in with the table of metrics."""

import json
import re
from pathlib import Path

from attnviz.analysis.heads.definitions import Metric, all_metrics

_METRICS = re.compile(r'(    "metrics": \{.*?      "properties": \{\n)(      \}\n)', re.DOTALL)


def schema_bytes() -> bytes:
    """The JSON Schema (2020-12), with a property for each metric that is registered."""
    text = Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    properties = ",\n".join(map(_property, all_metrics().values()))
    return _METRICS.sub(lambda match: f"{match[1]}{properties}\n{match[2]}", text, count=1).encode()


def _property(metric: Metric) -> str:
    only = f" Only with {metric.option}." if metric.option else ""
    value = {"description": metric.help + only, "type": ["number", "null"]}
    return f"        {json.dumps(metric.name)}: {json.dumps(value, ensure_ascii=False)}"
