"""The bundled model, ``tiny``: where nothing else is asked for, and what a newcomer sees of it first."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.model import bundled_folder
from tests.checkpoints.folders import write_bert
from tests.noise import ROUNDING

TEXT = "The cat zyxqwvly slept."
WORDS = ["The", "cat", "zyxqwvly", "slept", "."]
FILE = bundled_folder() / "model.safetensors"
ROOT = Path(__file__).parents[2]


def sha256() -> str:
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


def printed(ran) -> str:
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def document(ran) -> dict:
    return json.loads(printed(ran))


# Where nothing else is asked for


@pytest.mark.parametrize("command", ["show", "explain"])
@pytest.mark.parametrize("flags", [(), ("--model", "tiny")])
def test_it_is_what_commands_use_and_name(cli, command, flags):
    assert f"weights: tiny (sha256:{sha256()[:12]})\n" in printed(cli(command, TEXT, *flags))
    model = document(cli(command, TEXT, "--json", *flags))["model"]
    assert (model["name"], model["weights"]) == ("tiny", f"sha256:{sha256()}")


def test_its_heatmap_is_that_of_its_attention(cli):
    more = ("--overview-only", "-q", "-o")
    assert cli("heatmap", TEXT, *more, "default").code == 0
    assert cli("heatmap", TEXT, "--model", "tiny", *more, "named").code == 0
    piped = printed(cli("show", TEXT, "--json"))
    assert cli("heatmap", "--attention", "-", *more, "piped", stdin=piped).code == 0
    one, *others = [Path(folder, "overview.png").read_bytes() for folder in ("default", "named", "piped")]
    assert others == [one, one]


def test_it_is_what_python_loads_and_runs():
    for model in (attnviz.load(), attnviz.load(model="tiny"), attnviz.run(TEXT).model):
        info = getattr(model, "info", model)
        assert (info.name, info.weights) == ("tiny", f"sha256:{sha256()}")
    ran = attnviz.run(TEXT).attention
    np.testing.assert_array_equal(ran, attnviz.run(TEXT, model=attnviz.load(model="tiny")).attention)


def test_python_and_the_command_line_give_the_same_numbers(cli):
    np.testing.assert_array_equal(
        np.float32(document(cli("show", TEXT, "--json"))["attention"]), attnviz.run(TEXT).attention
    )


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (("--seed", "0"), {"seed": 0}),
        (("--seed", "7"), {"seed": 7}),
        (("--n-heads", "2"), {"n_heads": 2}),
        (("--mask", "causal"), {"mask": "causal"}),
        (("--no-bias",), {"bias": False}),
        (("--config", "block.toml"), {"n_layers": 3}),
        (("--config", "comment.toml"), {}),
        (("--tokenizer", "char"), {"tokenizer": "char"}),
        (("--target", "le chat"), {"target": "le chat"}),
    ],
)
def test_a_seed_a_shape_a_tokenizer_or_a_target_gives_seeded_weights(cli, flags, fields):
    Path("block.toml").write_text("n_layers = 3\n")
    Path("comment.toml").write_text("# every field has its default\n")
    found = document(cli("show", TEXT, "--json", *flags))
    assert (found["model"]["name"], found["model"]["weights"]) == ("seeded", f"seed:{fields.get('seed', 0)}")
    expected = attnviz.run(TEXT, **{"seed": 0} | fields)
    np.testing.assert_array_equal(np.float32(found["attention"]), expected.attention)
    if "target" in fields:
        np.testing.assert_array_equal(np.float32(found["cross_attention"]), expected.cross_attention)
        assert attnviz.run(TEXT, target="le chat").model.weights == "seed:0"
    for command in ("show", "explain"):
        assert "random (seed " in printed(cli(command, TEXT, *flags))


@pytest.mark.parametrize(
    ("name", "value"), [("SEED", "5"), ("N_HEADS", "2"), ("CONFIG", "block.toml"), ("TOKENIZER", "word")]
)
def test_a_variable_asks_as_a_flag_does(cli, monkeypatch, name, value):
    Path("block.toml").write_text("n_layers = 3\n")
    monkeypatch.setenv(f"ATTNVIZ_{name}", value)
    seed = value if name == "SEED" else "0"
    assert document(cli("show", TEXT, "--json"))["model"]["weights"] == f"seed:{seed}"


def test_vectors_are_run_through_seeded_weights(cli):
    np.save("v.npy", np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32))
    assert document(cli("show", "--vectors", "v.npy", "--json"))["model"]["weights"] == "seed:0"
    assert attnviz.run(vectors=np.load("v.npy")).model.weights == "seed:0"


@pytest.mark.parametrize("flags", [(), ("--decoder",)])
def test_weights_that_are_written_are_seeded_ones(cli, flags):
    for name, more in (("default.safetensors", ()), ("seed.safetensors", ("--seed", "0"))):
        assert cli("weights", "init", "-o", name, *flags, *more).code == 0
    assert Path("default.safetensors").read_bytes() == Path("seed.safetensors").read_bytes()


# Others that are called tiny


def test_a_folder_of_its_name_wins_over_the_name_and_never_over_the_default(cli):
    write_bert(Path("tiny"))
    assert document(cli("show", "the cats", "--model", "tiny", "--json"))["model"]["n_heads"] == 3
    assert document(cli("models", "tiny", "--json"))["model"]["family"] == "BERT"
    assert attnviz.load(model="tiny").config.n_heads == 3
    for found in (
        document(cli("show", "the cats", "--json"))["model"],
        document(cli("models", "--json"))["bundled"][0],
    ):
        assert sha256() in (found.get("sha256"), found.get("weights", "").removeprefix("sha256:"))
    assert attnviz.load().info.weights == f"sha256:{sha256()}"


def test_a_folder_of_its_name_has_no_view_of_its_own(cli):
    write_bert(Path("tiny"))
    named, as_path = (printed(cli("show", "the cats", "--model", name)) for name in ("tiny", "./tiny"))
    assert named == as_path


@pytest.mark.parametrize("argv", [("show", "a", "--model", "tiny"), ("models", "tiny")])
def test_a_revision_of_its_name_is_asked_of_the_hub(tmp_path, argv):
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "attnviz", *argv, "--revision", "x"],
        check=False,
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ran.returncode, ran.stdout) == (3, "")
    message, hint = ran.stderr.splitlines()
    assert message.startswith(
        "attnviz: error: tiny: it is not a folder, not completely in the cache, and HF_HUB_OFFLINE"
    )
    assert hint.startswith("hint: unset HF_HUB_OFFLINE")


# What show prints first

TITLE = re.compile(r"^layer (\d+), head (\d+): attention weights, self-attention, (\d+) x \3 words?$", re.MULTILINE)


def is_first_view(out: str, *, texts: int = 1) -> bool:
    return len(TITLE.findall(out)) == texts


def test_the_first_view_is_a_head_in_words_and_the_links_of_its_layer(cli):
    whole = attnviz.run(TEXT)
    assert len(whole.tokens) > len(WORDS) + 2  # the third word is several tokens
    out = printed(cli("show", TEXT))
    layer, head, n = TITLE.search(out).groups()
    assert int(n) == len(WORDS)
    assert re.search(r"^query\\key .* rest$", out, re.MULTILINE)
    assert re.findall(r"^\d (\S+) ", out, re.MULTILINE) == WORDS
    assert "[CLS]" not in out
    assert "[SEP]" not in out
    chosen = printed(cli("show", TEXT, "--layer", layer, "--head", head, "--words", "--hide-special"))
    assert out.startswith(chosen)


def test_the_first_view_lists_the_strongest_link_of_every_head(cli):
    out = printed(cli("show", TEXT))
    layer = int(TITLE.search(out)[1])
    heads = attnviz.run(TEXT, layers=layer, words=True, hide_special=True).attention[0].copy()
    found = re.findall(r"^L(\d+)H(\d+) +(\S+) -> (\S+) ([\d.]+)", out, re.MULTILINE)
    assert [(int(a), int(b)) for a, b, *_ in found] == [(layer, head) for head in range(len(heads))]
    for matrix, (*_, query, key, weight) in zip(heads, found, strict=True):
        np.fill_diagonal(matrix, -1)
        assert float(weight) == pytest.approx(matrix.max(), abs=0.00501)
        assert matrix[WORDS.index(query), WORDS.index(key)] == pytest.approx(matrix.max())


@pytest.mark.parametrize(
    "flags",
    [
        ("--model", "tiny"),
        ("--style", "top"),
        ("--style", "blocks"),
        ("--top", "2"),
        ("--precision", "3"),
        ("--cmap", "magma"),
        ("--width", "100"),
        ("--pair", "It slept."),
        ("--pad-to", "20"),
        ("-q",),
    ],
)
def test_how_it_looks_and_what_is_read_leave_the_first_view(cli, flags):
    out = printed(cli("show", TEXT, *flags))
    assert is_first_view(out)
    assert len(re.findall(r"^L\d+H\d+ ", out, re.MULTILINE)) == attnviz.load().config.n_heads
    assert not re.search(r"\[(CLS|SEP|PAD)\]", out)


@pytest.mark.parametrize(
    "flags",
    [
        ("-L", "all"),
        ("-L", "-1"),
        ("-H", "0"),
        ("--kind", "encoder"),
        ("--values", "scores"),
        ("--reduce", "mean"),
        ("--words",),
        ("--hide-special",),
        ("--hide-special", "--renormalize"),
        ("--words", "--hide-special"),
        ("--raw-tokens",),
        ("--json",),
        ("--json", "--top", "2"),
    ],
)
def test_a_selection_means_for_it_what_it_means_for_any_model(cli, flags):
    plain = printed(cli("show", TEXT, "--model", str(bundled_folder()), *flags))
    for origin in ((), ("--model", "tiny")):
        assert printed(cli("show", TEXT, *origin, *flags)) == plain
    assert plain != printed(cli("show", TEXT))


def test_a_field_given_with_it_gives_the_plain_view(cli):
    for flags in (("--mask", "causal"), ("--n-layers", "2")):
        out = printed(cli("show", TEXT, "--model", "tiny", *flags))
        assert "weights: tiny (" in out
        assert not is_first_view(out)
        assert "[CLS]" in out


def test_the_variable_names_it_too(cli, monkeypatch):
    first = printed(cli("show", TEXT))
    monkeypatch.setenv("ATTNVIZ_MODEL", "tiny")
    assert printed(cli("show", TEXT)) == first
    assert "random (seed 3)" in printed(cli("show", TEXT, "--seed", "3"))


def test_each_of_several_texts_has_the_first_view(cli):
    out = printed(cli("show", "-", stdin="The dog barked.\nIs it one?\nNo\n"))
    assert re.findall(r"^text .*", out, re.MULTILINE) == ["text 1: The dog barked.", "text 2: Is it one?", "text 3: No"]
    assert is_first_view(out, texts=3)
    assert out.count("weights: tiny (") == 1
    assert [int(n) for *_, n in TITLE.findall(out)] == [4, 4, 1]


def test_a_text_that_is_too_long_is_one_line(cli):
    limit = attnviz.load().config.n_ctx
    fits = "a " * (limit - 2)
    assert attnviz.run(fits, layers=0, heads=0).attention.shape == (1, 1, limit, limit)
    message = f"text: {limit + 1} tokens, and n_ctx is {limit}; expected at most {limit}\nhint: shorten the text\n"
    for argv, stdin, where in (
        (["show", fits + "a"], "", ""),
        (["show", "-"], fits + "a\n", "standard input, line 1: "),
    ):
        ran = cli(*argv, stdin=stdin)
        assert (ran.code, ran.out, ran.err) == (3, "", f"attnviz: error: {where}{message}")


# As any other model


def test_models_names_it_and_describes_it_with_its_card(cli):
    listed = printed(cli("models"))
    assert listed.startswith("tiny: ")
    assert "`attnviz models tiny`" in " ".join(listed.split())
    described = printed(cli("models", "tiny"))
    assert described.startswith("tiny\n")
    assert "every tensor is accounted for" in described
    assert f"sha256 {sha256()}" in described
    card = bundled_folder() / "README.md"
    assert "".join(f"model card: {card}".split()) in "".join(described.split())
    assert card.is_file()


def test_its_description_is_valid_against_the_schema(cli):
    schema = jsonschema.Draft202012Validator(document(cli("schema")))
    described, listed = (document(cli("models", *name, "--json")) for name in (["tiny"], []))
    for found in (described, listed):
        schema.validate(found)
    assert listed["bundled"] == [described["model"]]
    model = described["model"]
    assert (model["name"], model["sha256"], model["unknown"]) == ("tiny", sha256(), [])
    assert Path(model["card"]).read_text(encoding="utf-8").startswith("# tiny")


def test_converted_it_gives_the_same_attention(cli):
    assert cli("weights", "convert", "tiny", "-o", "x.safetensors").code == 0
    own, native = (document(cli("show", TEXT, "--json", *origin)) for origin in ((), ("--weights", "x.safetensors")))
    assert own["token_ids"] == native["token_ids"]
    np.testing.assert_allclose(own["attention"], native["attention"], atol=ROUNDING)
    assert native["model"]["weights"] == f"sha256:{hashlib.sha256(Path('x.safetensors').read_bytes()).hexdigest()}"


def test_what_the_vocabulary_lacks_is_named(cli):
    ran = cli("show", "日本 hello")
    assert ran.err == "attnviz: note: not in the vocabulary of tiny: 日, 本\n"
    assert cli("show", "日本 hello", "-q").err == ""
    assert cli("show", "hello").err == ""


def test_one_token_has_no_links(cli):
    out = cli("show", "Hello").out
    assert "none: there is one token" in out
    assert "L2H0" not in out


def test_explain_begins_with_the_head_that_show_begins_with(cli):
    assert "of L2H8:" in cli("explain", "The cat sat.").out
    assert "of L0H3:" in cli("explain", "The cat sat.", "-H", "3").out
    assert "of L0H0:" in cli("explain", "The cat sat.", "-L", "0").out
    assert "of L0H0:" in cli("explain", "The cat sat.", "--seed", "0").out


def test_a_query_of_no_text_is_no_token(cli):
    assert cli("explain", "The cat sat.", "--query", "").code == 2


def test_it_is_compared_with_random_weights_of_its_own_shape(cli):
    out = cli("diff", "The cat sat", "--vs-seed", "1").out
    assert re.search(r"weights: A tiny \(sha256:\w+\); B random \(seed 1\)", out.replace("\n", " "))
    assert "mean of 36 heads" in out


def test_an_empty_text_is_no_missing_one(cli):
    assert cli("diff", "The cat sat", "").code == 3


def test_a_long_word_that_is_not_in_the_vocabulary_is_cut_in_the_note(cli):
    ran = cli("heads", "д" * 300, "--top", "1")
    assert (ran.code, ran.err) == (0, f"attnviz: note: not in the vocabulary of tiny: {'д' * 40}…\n")
