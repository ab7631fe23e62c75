"""A TOML file of fields: what it gives, and the one line for everything else."""

import re

import pytest

from attnviz.checkpoints.config_file import read_config
from attnviz.encoder.config.block import EncoderConfig
from attnviz.errors import InputError

EXPECTED = "expected a TOML file"
WORDS = re.compile(r"not TOML \(.*\);")  # the library's own words


def test_the_given_fields_and_no_others(tmp_path):
    path = tmp_path / "block.toml"
    path.write_bytes(b'\xef\xbb\xbf# a block\r\nn_heads = 2\r\nmask = "causal"\r\nnorm_eps = 1e-6\r\nbias = false\r\n')
    assert read_config(path) == {"n_heads": 2, "mask": "causal", "norm_eps": 1e-6, "bias": False}
    assert EncoderConfig(**read_config(path)).n_heads == 2


def test_a_file_of_comments_gives_no_fields(tmp_path):
    (tmp_path / "block.toml").write_text("# nothing yet\n")
    assert read_config(tmp_path / "block.toml") == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", f"it is empty; {EXPECTED}"),
        (b"n_heads = 2\n# caf\xe9\n", f"byte 18 is not UTF-8; {EXPECTED}"),
        (b"n_heads 2\n", "it is not TOML (...); expected lines such as n_heads = 4"),
        (b"n_heads = 1\nn_heads = 2\n", "it is not TOML (...); expected lines such as n_heads = 4"),
        (b'mask = "a\x00b"\n', "it is not TOML (...); expected lines such as n_heads = 4"),
        (b"n_ctx = " + b"9" * 9999, "it is not TOML (...); expected lines such as n_heads = 4"),
        (b"mask = " + b"[" * 100_000, "it is not TOML (...); expected lines such as n_heads = 4"),
        (b"[block]\nn_heads = 2\n", "block is a table; expected fields at the top level, or a table such as [rotary]"),
        (b'["\\u202e"]\n', "\\u202e is a table; expected fields at the top level, or a table such as [rotary]"),
        (b"n_head = 2\n", "unknown field 'n_head' (did you mean 'n_heads'?); expected fields of the block"),
        (
            b"d_modell = 2\nzzz = 1\n",
            "unknown fields 'd_modell' (did you mean 'd_model'?), 'zzz'; expected fields of the block",
        ),
    ],
)
def test_what_is_no_file_of_fields_is_one_line(tmp_path, data, message):
    path = tmp_path / "block.toml"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_config(path)
    assert caught.value.exit_code == 3
    assert WORDS.sub("not TOML (...);", str(caught.value)) == f"{path}: {message}"


def test_bad_toml_is_told_with_its_line_and_column(tmp_path):
    (tmp_path / "block.toml").write_text("n_heads = 2\nmask = causal\n")
    with pytest.raises(InputError, match=r"\(at line 2, column 8\)"):
        read_config(tmp_path / "block.toml")


def test_files_that_cannot_be_opened_are_one_line(tmp_path):
    for name, message in [("missing.toml", "no such file"), ("", "it is a folder")]:
        with pytest.raises(InputError) as caught:
            read_config(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {message}; {EXPECTED}"


def test_tables_are_flat_fields_with_the_tables_name_before_them(tmp_path):
    path = tmp_path / "block.toml"
    path.write_text('n_heads = 2\n[rotary]\nbase = 1e6\nctx = 64\n[norm]\nkind = "rms"\nplacement = "pre"\n')
    flat = {"n_heads": 2, "rotary_base": 1e6, "rotary_ctx": 64, "norm": "rms", "norm_placement": "pre"}
    assert read_config(path) == flat


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rotary_base = 1.0\n[rotary]\nbase = 2.0\n", "rotary_base is given twice; expected once"),
        (
            "[rotary]\nbas = 1.0\n",
            "unknown field 'rotary_bas' (did you mean 'rotary_base'?); expected fields of the block",
        ),
    ],
)
def test_a_wrong_table_gets_one_line(tmp_path, text, message):
    path = tmp_path / "block.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_config(path)
    assert str(caught.value).endswith(f": {message}")
