"""A metric is one entry of a table: all else that speaks of metrics reads it, or is held equal to it here."""

import csv
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import jsonschema
import pytest

from attnviz.analysis.heads import metrics as functions
from attnviz.analysis.heads.definitions import ABLATION, METRICS, UNRANKED, Metric, all_metrics
from attnviz.errors import UsageError
from attnviz.output.documents import schema

ROOT = Path(__file__).parents[3]
TEXT = "the cat sat on the mat"
# A metric that attnviz does not have, and a program with it: attnviz's own, after one registration.
PROGRAM = """
import sys
from attnviz.analysis.heads.definitions import Metric
from attnviz.analysis.heads.metrics import register_metric
register_metric(
    Metric("faintness", "The smallest weight of a row.", "mean_i min_j A[i,j]", "weight", rank=1, decimals=5),
    lambda block: block.weights.min(axis=-1),
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
    program("check", TEXT, "--that", f"max(faintness) < {largest + 1e-4}")
    program("check", TEXT, "--that", f"max(faintness) < {largest - 1e-4}", code=1)
    found = json.loads(program("heads", TEXT, "--json", "--sort", "faintness", "--where", "faintness >= 0"))
    assert [row["faintness"] for row in found["heads"]] == pytest.approx(sorted(smallest.values(), reverse=True))


def test_the_help_names_a_registered_metric():
    assert "confidence, faintness, and with --ablation: ablation" in " ".join(program("heads", "-h").split())


def test_the_shipped_schema_is_the_generated_one():
    assert Path(schema.__file__).with_name("schema.json").read_bytes() == schema.schema_bytes()


def test_the_readme_defines_every_metric_as_the_table_does():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| metric | definition")) + 2
    rows = lines[start : start + len(all_metrics())]
    named = {
        name: f"`{name}`" + (f" (with `{metric.option}`)" if metric.option else "")
        for name, metric in all_metrics().items()
    }
    assert rows == [
        f"| {named[name]} | {metric.meaning.replace('|', chr(92) + '|')} | {metric.unit} | {metric.source} |"
        for name, metric in all_metrics().items()
    ]
    assert not lines[start + len(rows)].startswith("|")


def test_every_metric_has_a_rank_of_its_own_and_plain_help():
    ranks = [metric.rank for metric in all_metrics().values()]
    assert len(set(ranks)) == len(ranks)
    assert all(0 < rank < UNRANKED for rank in ranks)
    assert all(metric.help[0].isupper() and metric.help.endswith(".") for metric in all_metrics().values())
    assert list(all_metrics()) == [*METRICS, ABLATION.name]


def test_the_table_is_read_without_numpy():
    code = "import sys, attnviz.analysis.heads.definitions; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", ["entropy", "ablation", "layer", "broad", "label", "jsd", "Peak", "a b", "peak_z", ""])
def test_a_name_that_is_taken_or_cannot_be_spelled_is_refused(name):
    before = dict(METRICS), dict(functions.ROW_NUMBERS)
    with pytest.raises(UsageError) as error:
        functions.register_metric(Metric(name, "Help.", "meaning", "weight"), lambda block: block.entropy)
    assert str(error.value) == f"metric: cannot register {name!r}; use lower-case letters and a name not taken yet"
    assert before == (METRICS, functions.ROW_NUMBERS)
