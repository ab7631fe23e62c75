"""Labels of heads: which relations of a probe become one, and whose they are."""

import json
import re
from pathlib import Path

import pytest

import attnviz
from attnviz.checkpoints.labels_file import read_labels
from attnviz.errors import InputError
from attnviz.model import bundled_folder
from attnviz.trace.head_labels import LABELS_FILE

ROW = {
    "relation": "nsubj",
    "label": "subject -> verb",
    "layer": 1,
    "head": 2,
    "direction": "dependent->head",
    "dev_count": 30,
    "dev_rate": 0.6,
    "count": 40,
    "rate": 0.6,
    "low": 0.5,
    "high": 0.7,
    "offset": 1,
    "offset_rate": 0.3,
    "beats_offset": True,
}


def written(path: Path, *rows: dict, **more) -> Path:
    model = {"name": "m", "weights": "seed:0"}
    document = {"schema": "attnviz/1", "probe": "syntax", "model": model, "treebank": "en.conllu", "relations": rows}
    path.write_text(json.dumps(document | more))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.json"


def test_a_head_has_its_relations_those_that_explain_most_pairs_first(path):
    det = ROW | {"relation": "det", "label": "determiner -> noun", "rate": 0.9, "offset_rate": 0.7, "count": 100}
    other = ROW | {"layer": 0, "head": 0}
    labels = read_labels(written(path, ROW, det, other))
    assert labels.treebank == "en.conllu"
    assert [str(one) for one in labels.of(1, 2)] == ["determiner -> noun 0.90", "subject -> verb 0.60"]
    assert labels.short(1, 2) == "determiner -> noun 0.90, +1"
    assert labels.short(0, 0) == "subject -> verb 0.60"
    assert (labels.of(0, 1), labels.short(0, 1)) == ((), "")


@pytest.mark.parametrize(
    "change",
    [{"beats_offset": False}, {"count": 19}, {"offset_rate": 0.51}, {"relation": "all"}],
    ids=["no better", "few pairs", "less than a tenth better", "all relations"],
)
def test_what_is_not_clear_is_not_a_label(path, change):
    assert read_labels(written(path, ROW | change)).of(1, 2) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"labels\.json: not JSON \(.*\); expected what attnviz probe syntax --json prints"),
        ("[]", r"labels\.json: not the relations of a probe; expected what"),
        ('{"schema": "attnviz/1", "probe": "repeat"}', r"labels\.json: not the relations of a probe; expected what"),
        (
            '{"schema": "attnviz/1", "probe": "syntax"}',
            r"labels\.json: a relation lacks what a label needs \('relations'\)",
        ),
    ],
)
def test_something_else_is_refused(path, text, message):
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_labels(path)


def test_a_model_has_the_labels_that_are_given(path):
    model = attnviz.load(seed=0, labels=written(path, ROW))
    assert model.info.labels.short(1, 2) == "subject -> verb 0.60"
    assert attnviz.load(seed=0).info.labels is None


def test_labels_of_other_weights_are_refused(path):
    written(path, ROW)
    with pytest.raises(InputError, match=r"its labels are of other weights \(seed:0\) than those of seeded \(seed:1\)"):
        attnviz.load(seed=1, labels=path)


def test_the_bundled_model_has_labels_unless_it_is_changed():
    labels = attnviz.load().info.labels
    assert labels.weights == attnviz.load().info.weights
    assert labels.short(2, 8) == "subject -> verb 0.60, +3"
    assert labels.short(2, 0) == "object -> verb 0.73"
    assert attnviz.load(model="tiny", score="cosine").info.labels is None


@pytest.mark.parametrize("page", ["docs/tiny.md", "bundled/tiny/README.md"])
def test_the_tables_of_the_bundled_model_are_those_of_its_labels(page):
    document = json.loads((bundled_folder() / LABELS_FILE).read_text())
    rows = {one["relation"]: one for one in document["relations"]}
    text = (bundled_folder().parents[1] / page).read_text(encoding="utf-8")
    pattern = re.compile(
        r"\| [^|]* \((\w+), ([\d,]+)\) \| (L\d+H\d+)[^|]* ([\d.]+) \(([\d.]+)-([\d.]+)\) \| .* \| (.*): ([\d.]+) \|"
    )
    found = pattern.findall(text)
    assert len(found) == (28 if "README" in page else 11)
    for relation, *cells in found:
        row = rows[relation]
        numbers = [f"{row[name]:.2f}" for name in ("rate", "low", "high")]
        expected = [f"{row['count']:,}", f"L{row['layer']}H{row['head']}", *numbers, f"{row['offset']:+d}"]
        assert cells == [*expected, f"{row['offset_rate']:.2f}"]
