"""A file of weights described: all of it, in any width."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import attnviz
from attnviz.checkpoints.formats.native import describe, write_native
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.weights import WeightsTable, byte_size
from tests.output.printing import printed

TENSORS = [
    {"name": "embed.tokens", "shape": (30522, 768), "dtype": "F32", "bytes": 93763584},
    {"name": "layers.11.attn.relative_bias", "shape": (12, 768, 64), "dtype": "BF16", "bytes": 1179648},
    {"name": "final_norm.gain", "shape": (8,), "dtype": "F32", "bytes": 32},
]
WEIGHTS = {
    "path": "toy.safetensors",
    "format": "safetensors",
    "bytes": 94943264,
    "sha256": "0123456789abcdef" * 4,
    "config": {"n_layers": 12, "window": None, "gated": False, "score": "scaled_dot", "norm_eps": 1e-05},
    "tensors": TENSORS,
    "n_parameters": 24030728,
    "tokenizer": True,
    "decoder": True,
}


def table(width, *, is_ascii=False, **changed):
    screen = Screen(width, None, is_ascii)
    return printed(WeightsTable(WEIGHTS | changed, screen), screen)


@pytest.mark.parametrize("width", [40, 80])
def test_tables_look_as_they_were_approved(width, assert_approved):
    assert_approved(table(width), f"weights-{width}")


@given(st.integers(30, 120), st.booleans(), st.sampled_from(["toy.npz", "日本語/" * 30, "x" * 200, "שלום.npz"]))
def test_a_table_fits_any_width_and_loses_no_tensor(width, is_ascii, path):
    text = table(width, is_ascii=is_ascii, path=path)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    words = re.split(r"\s+", text)
    assert {tensor["name"] for tensor in TENSORS} <= set(words)
    assert " ".join(words).count("12 x 768 x 64 BF16 1.18 MB") == 1
    assert not is_ascii or text.isascii()


def test_a_written_file_is_described_as_it_is(tmp_path):
    model = attnviz.load(n_layers=1, n_heads=1, d_model=4, d_ff=0, n_vocab=8, n_ctx=4)
    path = tmp_path / "toy.npz"
    write_native(path, model.config, model.params)
    screen = Screen(400)
    lines = printed(WeightsTable(describe(path).as_dict(), screen), screen).split("\n")
    tensors = {line.split("  ")[0]: line for line in lines[lines.index("") :] if " F32 " in line}
    assert lines[0] == str(path)
    assert re.fullmatch(rf"npz, \S+ k?B, [\d,]+ parameters in {len(tensors)} tensors", lines[1])
    params = {name: array for name, array in model.params.items() if not name.startswith("decoder.")}
    assert set(tensors) == set(params)
    assert re.fullmatch(r"embed.tokens +8 x 4  F32 +128 B", tensors["embed.tokens"])
    assert f"{sum(array.size for array in params.values()):,} parameters" in lines[1]


@pytest.mark.parametrize(
    ("config", "said"), [({"gated": True}, "gated=true"), ({"window": None}, ""), ({"window": 0}, "window=0")]
)
def test_fields_are_said_as_a_file_has_them(config, said):
    lines = table(80, config=config).split("\n")
    assert lines[lines.index("Configuration") + 1] == said


@pytest.mark.parametrize(
    ("extras", "said"),
    [((False, False), "tensors"), ((True, False), "tensors, with a decoder"), ((False, True), "with a tokenizer")],
)
def test_what_else_the_file_holds_is_said(extras, said):
    decoder, tokenizer = extras
    assert table(120, decoder=decoder, tokenizer=tokenizer).split("\n")[1].endswith(said)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1024, "1.02 kB"), (999_499, "999 kB"), (999_500, "1 MB")],
)
def test_sizes_are_said_in_three_digits(count, text):
    assert byte_size(count) == text
