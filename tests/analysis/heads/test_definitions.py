"""A metric is one entry of a table: all else that speaks of metrics reads it, or is held equal to it here."""

import csv
import json
import re
import subprocess
import sys
from io import StringIO
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from attnviz.analysis.heads.definitions import ABLATION, METRICS, UNRANKED, Metric, all_metrics
from attnviz.analysis.heads.metrics import head_metrics, register_metric
from attnviz.errors import UsageError
from attnviz.output.documents import schema
from tests.analysis.heads.test_metrics import attention, tokens
from tests.approved import UPDATE, assert_stored

ROOT = Path(__file__).parents[3]
TEXT = "the cat sat on the mat"
# A metric that attnviz does not have, and a program with it: attnviz's own, after one registration.
PROGRAM = """
import sys
from attnviz.analysis.heads.definitions import Metric
from attnviz.analysis.heads.metrics import register_metric
register_metric(
    Metric(
        "faintness", "The smallest weight of a row.", "mean_i min_j A[i,j]", "weight", rank=1, decimals=5,
        row_numbers=lambda block: block.weights.min(axis=-1),
    )
)
from attnviz.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def program(*argv, code=0):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *argv], capture_output=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert ran.returncode == code, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def smallest():
    """By layer and head, the mean over rows of the smallest weight, in loops."""
    shown = json.loads(program("show", TEXT, "--json"))
    return {
        (layer, head): sum(min(row) for row in matrix) / len(matrix)
        for layer, heads in enumerate(shown["attention"])
        for head, matrix in enumerate(heads)
    }


def test_a_registered_metric_is_in_json_that_fits_the_schema(smallest):
    found = json.loads(program("heads", TEXT, "--json"))
    assert {(row["layer"], row["head"]): row["faintness"] for row in found["heads"]} == pytest.approx(smallest)
    jsonschema.Draft202012Validator(json.loads(program("schema"))).validate(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(schema.schema_bytes())).validate(found)


def test_a_registered_metric_is_in_the_default_view_by_its_rank_with_its_decimals(smallest):
    lines = program("heads", TEXT, "--width", "80").splitlines()
    header = next(line for line in lines if line.startswith("head ")).split()
    assert "faintness" in header
    row = next(line for line in lines if line.startswith("L0H0 "))
    assert f"{smallest[0, 0]:.5f}" in row.split()


def test_a_registered_metric_is_a_column_of_csv(smallest):
    rows = list(csv.DictReader(StringIO(program("heads", TEXT, "--csv"))))
    assert {(int(row["layer"]), int(row["head"])): float(row["faintness"]) for row in rows} == pytest.approx(smallest)


def test_a_registered_metric_is_a_name_in_conditions_and_orders(smallest):
    largest = max(smallest.values())
    program("check", TEXT, "--where", f"max(faintness) < {largest + 1e-4}")
    program("check", TEXT, "--where", f"max(faintness) < {largest - 1e-4}", code=1)
    found = json.loads(program("heads", TEXT, "--json", "--sort", "faintness", "--where", "faintness >= 0"))
    assert [row["faintness"] for row in found["heads"]] == pytest.approx(sorted(smallest.values(), reverse=True))


def test_the_help_names_a_registered_metric():
    assert "diagonal, faintness, and with --ablation: ablation" in " ".join(program("heads", "--help").split())


def test_the_schema_has_its_metrics_from_the_table_alone():
    stored = json.loads(Path(schema.__file__).with_name("schema.json").read_text(encoding="utf-8"))
    assert stored["$defs"]["metrics"]["properties"] == {}, "leave it empty: `attnviz schema` fills it in"
    assert list(json.loads(schema.schema_bytes())["$defs"]["metrics"]["properties"]) == list(all_metrics())


def topic_row(metric: Metric) -> str:
    only = f" (with `{metric.option}`)" if metric.option else ""
    return (
        f"| `{metric.name}`{only} | {metric.meaning.replace('|', chr(92) + '|')} | {metric.unit} | {metric.source} |\n"
    )


def test_the_topic_defines_every_metric_as_the_table_does():
    page = ROOT / "attnviz" / "docs" / "metrics.md"
    text = page.read_text(encoding="utf-8")
    (stored,) = re.findall(r"^\| metric \| definition.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = "".join(map(topic_row, all_metrics().values()))
    if UPDATE:
        page.write_text(text.replace(stored, rows, 1), encoding="utf-8")
        stored = rows
    assert_stored(rows, stored, "the table of metrics in attnviz/docs/metrics.md")


def test_no_two_metrics_have_one_rank():
    ranks = sorted((metric.rank, name) for name, metric in all_metrics().items() if metric.rank != UNRANKED)
    shared = [names for names in pairwise(ranks) if names[0][0] == names[1][0]]
    assert not shared, "give each a rank of its own, or none: then it comes last"
    assert all(0 < rank < UNRANKED for rank, _ in ranks)


@pytest.mark.parametrize("name", all_metrics())
def test_every_metric_has_plain_help_and_words_that_any_terminal_carries(name):
    metric = all_metrics()[name]
    assert metric.name == name
    assert metric.meaning
    assert metric.help[0].isupper()
    assert metric.help.endswith(".")
    assert metric.unit.isascii(), "tables print the unit: write `squared tokens`, not `tokens²`"


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_the_numbers_of_its_rows(name):
    kind = "cross" if METRICS[name].cross else "encoder"
    ones = np.ones((1, 1, 2, 2)) / 2
    values = head_metrics(attention(ones, tokens([1, 1]), kind=kind)).values
    assert np.isfinite(values[name]).all(), "give its entry row_numbers"


def test_ablation_comes_last():
    assert list(all_metrics()) == [*METRICS, ABLATION.name]


def test_the_table_is_read_without_numpy():
    code = "import sys, attnviz.analysis.heads.definitions; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", ["entropy", "ablation", "layer", "broad", "label", "jsd", "Peak", "a b", "peak_z", ""])
def test_a_name_that_is_taken_or_cannot_be_spelled_is_refused(name):
    before = dict(METRICS)
    with pytest.raises(UsageError) as error:
        register_metric(Metric(name, "Help.", "meaning", "weight", row_numbers=lambda block: block.entropy))
    assert str(error.value) == f"metric: cannot register {name!r}; use lower-case letters and a name not taken yet"
    assert before == METRICS


def test_a_metric_without_numbers_is_refused():
    with pytest.raises(UsageError) as error:
        register_metric(Metric("faintness", "Help.", "meaning", "weight"))
    assert str(error.value) == "metric: faintness has no numbers; expected row_numbers, a function of a RowBlock"
    assert "faintness" not in METRICS
