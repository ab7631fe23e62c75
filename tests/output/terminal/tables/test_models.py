"""The families and a model folder described: all of it, in any width."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.models import FamiliesTable, FolderTable
from tests.output.printing import printed

FAMILIES = [
    {"model_type": "bert", "name": "BERT", "kind": "encoder", "paper": "", "example": "google-bert/bert-base-uncased"},
    {"model_type": "xlm-roberta", "name": "XLM-RoBERTa", "kind": "encoder", "paper": "", "example": "owner/x"},
]
FOLDER = {
    "name": "my-bert",
    "path": "models/my-bert",
    "family": "BERT",
    "model_type": "bert",
    "kind": "encoder",
    "config": {"n_layers": 6, "n_heads": 12, "n_ctx": 512, "window": None, "gated": False},
    "tokenizer": {"algorithm": "WordPiece", "n_vocab": 30522, "file": "tokenizer.json"},
    "files": [{"name": f"model-0000{i}-of-00002.safetensors", "bytes": 45_400_000 + i} for i in (1, 2)],
    "sha256": "0123456789abcdef" * 4,
    "dtypes": ["BF16", "F32"],
    "n_parameters": 22565376,
    "used": 101,
    "unused": tuple(f"pooler.{i}" for i in range(9)),
    "unknown": (),
    "notes": (),
    "card": "models/my-bert/README.md",
}


def families(width, *, is_ascii=False):
    screen = Screen(width, None, is_ascii)
    return printed(FamiliesTable(FAMILIES, [FOLDER], screen), screen)


def folder(width, *, is_ascii=False, **changed):
    screen = Screen(width, None, is_ascii)
    return printed(FolderTable(FOLDER | changed, {"n_layers": 6, "embed_norm": True}, screen), screen)


@pytest.mark.parametrize("width", [40, 80])
def test_tables_look_as_they_were_approved(width, assert_approved):
    assert_approved(f"{families(width)}\n\n{folder(width)}", f"models-{width}")


@given(st.integers(30, 120), st.booleans(), st.sampled_from(["toy", "日本語/" * 30, "x" * 200, "שלום"]))
def test_tables_fit_any_width(width, is_ascii, name):
    for text in (families(width, is_ascii=is_ascii), folder(width, is_ascii=is_ascii, name=name, unknown=(name,))):
        assert max(cell_len(line) for line in text.split("\n")) <= width
        assert not is_ascii or text.isascii()


def test_each_note_is_a_line_below_the_tensors():
    text = folder(80, unused=(), notes=("one thing may matter", "another may"))
    assert "every tensor is accounted for\nnote: one thing may matter\nnote: another may\n" in text


def test_every_file_is_named_with_its_size():
    text = folder(80)
    assert re.findall(r"weights: (\S+), 45.4 MB, BF16, F32", text) == [file["name"] for file in FOLDER["files"]]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"unused": ()}, "tensors: 101 used; every tensor is accounted for"),
        ({"unused": ("a",)}, "tensors: 101 used; 1 not needed for attention (a); every tensor is accounted for"),
        ({"unused": (), "unknown": ("b", "c")}, "tensors: 101 used; 2 NOT KNOWN and not used (b, c)"),
        (
            {},
            "9 not needed for attention (pooler.0, pooler.1, pooler.2, pooler.3, pooler.4, pooler.5 and 3 more); every",
        ),
    ],
)
def test_what_becomes_of_tensors_is_said(others, said):
    assert said in folder(200, **others)
