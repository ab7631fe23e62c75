"""Families that other packages register, by distributions that are installed into a folder on the path."""

import os
import subprocess
import sys

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.registry import built_in_types, families, family_types, find_family, plugin_faults
from attnviz.errors import CheckpointError
from tests.checkpoints.plugins import FAMILY, GOLDEN, install, toy_folder


def test_a_family_of_another_package_loads_and_computes(tmp_path, monkeypatch):
    folder = toy_folder(tmp_path / "model")
    with pytest.raises(CheckpointError, match=r"model_type 'toy' is not known; expected one of the \d+ that"):
        attnviz.load(model=folder)
    install(tmp_path / "site", {"toy": "FAMILY"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    attention = attnviz.run("a dog sat", model=attnviz.load(model=folder)).attention
    expected = attnviz.run("a dog sat", model=attnviz.load(model=GOLDEN / "bert")).attention
    np.testing.assert_array_equal(attention, expected)


def test_a_family_of_this_package_wins(tmp_path, monkeypatch):
    install(tmp_path, {"bert": "FAMILY", "toy": "FAMILY"})
    monkeypatch.syspath_prepend(tmp_path)
    assert find_family("bert").name == families()["bert"].name == "BERT"
    assert find_family("toy").name == families()["toy"].name == "Toy"
    assert family_types() == tuple(sorted({*built_in_types(), "toy"}))
    assert plugin_faults() == ()


@pytest.mark.parametrize(
    ("attribute", "source", "fault"),
    [
        ("FAMILIES", FAMILY, "cannot be loaded (AttributeError: "),
        ("FAMILY", "1 / 0", "cannot be loaded (ZeroDivisionError: division by zero)"),
        ("FAMILY", "def", "cannot be loaded (SyntaxError: "),
        ("FAMILY", "import attnviz_nowhere", "cannot be loaded (ModuleNotFoundError: No module named "),
        ("NOT_ONE", FAMILY, "is of type dict; expected a Family"),
    ],
)
def test_a_broken_plug_in_is_one_line_that_names_it_and_breaks_nothing_else(
    attribute, source, fault, tmp_path, monkeypatch
):
    module = install(tmp_path / "site", {"toy": attribute}, source)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(CheckpointError) as caught:
        attnviz.load(model=toy_folder(tmp_path / "model"))
    (line,) = plugin_faults()
    assert str(caught.value) == line
    assert line.startswith(f"family toy: its plug-in {module}:{attribute} of toy-families {fault}")
    assert line.endswith("; expected a Family")
    assert set(families()) == set(built_in_types())
    assert attnviz.load(model=GOLDEN / "bert").name == "bert"


def test_a_family_is_found_by_its_own_name_alone():
    assert all(isinstance(find_family(name), Family) for name in built_in_types())
    assert [find_family(name) for name in ("wav2vec2", "BERT", "xlm_roberta", "", None, 3, ["bert"])] == [None] * 7


def test_a_process_finds_an_installed_family_and_asks_for_none_where_the_family_is_built_in(tmp_path):
    install(tmp_path / "site", {"toy": "FAMILY"})
    folder = toy_folder(tmp_path / "model")
    code = (
        "import sys, attnviz\n"
        f"attnviz.load(model={str(GOLDEN / 'bert')!r})\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        f"print(attnviz.load(model={str(folder)!r}).name)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert ended.stdout == "model\n"
