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
    assert re.search(r"\btiny\W{1,2}3 layers x 12 heads", printed(cli(command, TEXT, *flags)))
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
        (("--seed", "0", "--n-heads", "2"), {"n_heads": 2}),
        (("--set", "seed=3", "--mask", "causal"), {"mask": "causal", "seed": 3}),
        (("--config", "block.toml"), {"n_layers": 3, "seed": 4}),
        (("--config", "comment.toml", "--seed", "0"), {}),
        (("--tokenizer", "char"), {"tokenizer": "char"}),
        (("--target", "le chat"), {"target": "le chat"}),
    ],
)
def test_a_seed_a_tokenizer_or_a_target_gives_seeded_weights(cli, flags, fields):
    Path("block.toml").write_text("n_layers = 3\nseed = 4\n")
    Path("comment.toml").write_text("# every field has its default\n")
    found = document(cli("show", TEXT, "--json", *flags))
    assert (found["model"]["name"], found["model"]["weights"]) == ("seeded", f"seed:{fields.get('seed', 0)}")
    expected = attnviz.run(TEXT, **{"seed": 0} | fields)
    np.testing.assert_array_equal(np.float32(found["attention"]), expected.attention)
    if "target" in fields:
        np.testing.assert_array_equal(np.float32(found["cross_attention"]), expected.cross_attention)
        assert attnviz.run(TEXT, target="le chat").model.weights == "seed:0"
    for command in ("show", "explain"):
        assert "random weights of seed " in printed(cli(command, TEXT, *flags))


@pytest.mark.parametrize(
    ("name", "value", "seed"), [("SEED", "5", 5), ("CONFIG", "block.toml", 7), ("TOKENIZER", "word", 0)]
)
def test_a_variable_asks_as_a_flag_does(cli, monkeypatch, name, value, seed):
    Path("block.toml").write_text("n_layers = 3\nseed = 7\n")
    monkeypatch.setenv(f"ATTNVIZ_{name}", value)
    assert document(cli("show", TEXT, "--json"))["model"]["weights"] == f"seed:{seed}"


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (("--mask", "causal"), {"mask": "causal"}),
        (("--mask", "window", "--window", "1"), {"mask": "window", "window": 1}),
        (("--n-layers", "2"), {"n_layers": 2}),
        (("--no-bias",), {"bias": False}),
        (("--set", "position=none"), {"position": "none"}),
        (("--config", "mask.toml"), {"mask": "causal"}),
        (("--config", "comment.toml"), {}),
    ],
)
def test_a_field_alone_is_of_the_bundled_model(cli, flags, fields):
    Path("mask.toml").write_text("mask = 'causal'\n")
    Path("comment.toml").write_text("# every field has its default\n")
    Path("tiny").mkdir()  # another model of that name plays no part
    found = document(cli("show", TEXT, "--json", *flags))
    assert (found["model"]["name"], found["model"]["weights"]) == ("tiny", f"sha256:{sha256()}")
    expected = attnviz.run(TEXT, model=attnviz.load(model=bundled_folder(), **fields))
    np.testing.assert_array_equal(np.float32(found["attention"]), expected.attention)
    for command in ("show", "explain"):
        assert "random" not in printed(cli(command, TEXT, *flags))


def test_a_field_in_a_variable_is_of_the_bundled_model(cli, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MASK", "causal")
    assert document(cli("show", TEXT, "--json")) == document(cli("show", TEXT, "--json", "--mask", "causal"))
    monkeypatch.delenv("ATTNVIZ_MASK")
    assert document(cli("show", TEXT, "--json")) != document(cli("show", TEXT, "--json", "--mask", "causal"))


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

SENTENCE = "The animal didn't cross the street because it was too tired."
CAPTION = re.compile(r"^L(\d+)H(\d+) of .*: rows look at columns, in percent$", re.MULTILINE)


def test_the_first_view_of_fourteen_words_is_23_lines_of_80_columns(cli):
    lines = printed(cli("show", SENTENCE)).splitlines()
    assert len(lines) == 23
    assert max(map(len, lines)) <= 80
    assert lines[0] == SENTENCE
    assert lines[1] == '"it" looks most at "tired" (72%)'
    assert lines[2] == "L2H1 of tiny (3 layers x 12 heads): rows look at columns, in percent"
    assert lines[3].startswith("L2H1: noun modifier -> noun 0.40 of such pairs")
    assert [line.split()[0] for line in lines[19:22]] == ["L1H7", "L2H8", "L2H0"]
    assert lines[22].startswith("32 more heads: ")


def test_the_first_view_has_whole_words_and_a_column_for_special_tokens(cli):
    whole = attnviz.run(TEXT)
    assert len(whole.tokens) > len(WORDS) + 2  # the third word is several tokens
    out = printed(cli("show", TEXT))
    assert [label for _, label in re.findall(r"^ ?(\d+) (\S+) ", out, re.MULTILINE)][: len(WORDS)] == WORDS
    assert out.splitlines()[3].endswith(" special")
    assert not re.search(r"\[(CLS|SEP|PAD)\]|##", out)


def test_the_first_view_shows_the_numbers_of_the_library(cli):
    out = printed(cli("show", SENTENCE))
    layer, head = map(int, CAPTION.search(out).groups())
    result = attnviz.run(SENTENCE, layers=layer, heads=head, words=True, hide_special=True)
    matrix = result.views["encoder"].matrices[0, 0]
    rows = [line.split()[2:] for line in out.splitlines()[5 : 5 + len(matrix)]]
    for cells, row, rest in zip(rows, matrix, result.views["encoder"].rest[0, 0], strict=True):
        expected = [round(100 * float(weight)) for weight in (*row, rest)]
        assert [int(cell.lstrip("*")) for cell in cells] == [n for n in expected if n]


def test_a_choice_of_layer_and_head_never_changes_the_view(cli):
    first = printed(cli("show", SENTENCE)).splitlines()
    layer, head = CAPTION.search("\n".join(first)).groups()
    chosen = printed(cli("show", SENTENCE, "-L", layer, "-H", head)).splitlines()
    assert chosen == first[: len(chosen)]
    assert len(chosen) == 19


def test_tokens_have_their_number_in_the_models_input(cli):
    tokens = attnviz.run(TEXT).tokens
    out = printed(cli("show", TEXT))
    numbers = [int(n) for n, _ in re.findall(r"^ ?(\d+) (\S+) ", out, re.MULTILINE)][: len(WORDS)]
    assert [tokens[n].text for n in numbers][:2] == ["The", "cat"]
    assert numbers[3] > 4  # after the pieces of the third word
    assert tokens[numbers[3]].text == "slept"
    everything = printed(cli("show", TEXT, "--no-words", "--show-special", "-L", "0", "-H", "0"))
    assert f" 0 {tokens[0].label} " in everything
    for n in numbers:
        assert re.search(rf"^ ?{n} {re.escape(tokens[n].label)} ", everything, re.MULTILINE)


@pytest.mark.parametrize(
    "flags", [("--style", "top"), ("--style", "blocks"), ("--top", "2"), ("--precision", "3"), ("--cmap", "magma")]
)
def test_how_it_looks_leaves_the_head_and_its_words(cli, flags):
    out = printed(cli("show", TEXT, *flags))
    first = printed(cli("show", TEXT))
    assert CAPTION.search(first)[0].split(":")[0] in out
    assert re.findall(r"^L\d+H\d+  .*", out, re.MULTILINE) == re.findall(r"^L\d+H\d+  .*", first, re.MULTILINE)
    assert not re.search(r"\[(CLS|SEP|PAD)\]", out)


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-L", "all"),
        ("-L", "-1"),
        ("-H", "0"),
        ("--values", "scores"),
        ("--reduce", "mean"),
        ("--no-words",),
        ("--show-special",),
        ("--renormalize",),
        ("--raw-tokens",),
        ("--json",),
        ("--json", "--top", "2"),
    ],
)
def test_it_is_shown_as_any_other_model(cli, flags):
    plain = printed(cli("show", TEXT, "--model", str(bundled_folder()), *flags))
    for origin in ((), ("--model", "tiny")):
        assert printed(cli("show", TEXT, *origin, *flags)) == plain


def test_the_variable_names_it_too(cli, monkeypatch):
    first = printed(cli("show", TEXT))
    monkeypatch.setenv("ATTNVIZ_MODEL", "tiny")
    assert printed(cli("show", TEXT)) == first
    assert "random weights of seed 3" in printed(cli("show", TEXT, "--seed", "3"))


def test_each_of_several_texts_has_the_first_view(cli):
    out = printed(cli("show", "-", stdin="The dog barked.\nIs it one?\nNo\n"))
    assert re.findall(r"^text .*", out, re.MULTILINE) == ["text 1: The dog barked.", "text 2: Is it one?", "text 3: No"]
    assert len(CAPTION.findall(out)) == 3


def test_a_text_that_is_too_long_is_one_line(cli):
    limit = attnviz.load().config.n_ctx
    fits = "a " * (limit - 2)
    assert attnviz.run(fits, layers=0, heads=0).attention.shape == (1, 1, limit, limit)
    message = f"text: {limit + 1} tokens, and n_ctx is {limit}; expected at most {limit}\n"
    message += f"hint: --truncate cuts the text to {limit} tokens\n"
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
    assert "No word looks at another" in out
    assert "->" not in out


def test_explain_begins_with_the_head_that_show_begins_with(cli):
    layer, head = CAPTION.search(printed(cli("show", SENTENCE))).groups()
    assert f": L{layer}H{head} of tiny" in cli("explain", SENTENCE).out
    assert re.search(r": L\dH3 of", cli("explain", SENTENCE, "-H", "3").out)
    assert re.search(r": L0H\d+ of", cli("explain", SENTENCE, "-L", "0").out)


def test_explain_begins_with_the_link_that_show_begins_with_and_fits_forty_lines(cli):
    shown = next(line for line in printed(cli("show", SENTENCE)).split("\n") if " looks most at " in line)
    lines = cli("explain", SENTENCE).out.splitlines()
    assert lines[0].startswith(f"{shown}: L")
    assert len(lines) <= 40
    assert re.search(r"^   special +\d", "\n".join(lines), re.MULTILINE)
    assert "[CLS]" not in "\n".join(lines)
    assert "[CLS]" in cli("explain", SENTENCE, "--show-special").out


def test_explain_compares_the_keys_that_are_asked_for(cli):
    out = cli("explain", SENTENCE, "--query", "it", "--key", "animal", "--key", "street").out
    assert out.startswith('"it" looks at "animal" (')
    assert re.findall(r"^   (\w+): q · k = ", out, re.MULTILINE) == ["animal", "street"]
    ran = cli("explain", SENTENCE, "--key", "zebra")
    assert ran.code == 2
    assert "key: no word is 'zebra'" in ran.err


def test_explain_names_a_word_of_several_pieces_and_shows_the_pieces_it_compares(cli):
    out = cli("explain", "A unicyclist juggled pineapples.", "--query", ".", "-L", "0", "-H", "9").out
    assert out.startswith('"." looks most at "pineapples" (49%): ')
    assert re.search(r"^ +12 pine +", out, re.MULTILINE)
    assert re.search(r"^ +7 juggled +[\d.]+ +[\d.]+  █", out, re.MULTILINE)  # no score of its own
    tokens = cli("explain", "A unicyclist juggled pineapples.", "--query", ".", "-L", "0", "-H", "9", "--no-words").out
    assert "juggled" not in tokens


def test_a_query_of_no_text_is_no_token(cli):
    assert cli("explain", "The cat sat.", "--query", "").code == 2


def test_it_is_compared_with_random_weights_of_its_own_shape(cli):
    out = cli("diff", "The cat sat", "--vs-seed", "1").out
    assert "model: A tiny, 3 layers x 12 heads; B random weights of seed 1" in out.replace("\n", " ")
    assert "mean of 36 heads" in out


def test_an_empty_text_is_no_missing_one(cli):
    assert cli("diff", "The cat sat", "").code == 3


def test_a_long_word_that_is_not_in_the_vocabulary_is_cut_in_the_note(cli):
    ran = cli("heads", "д" * 300, "--top", "1")
    assert (ran.code, ran.err) == (0, f"attnviz: note: not in the vocabulary of tiny: {'д' * 27}...{'д' * 10}\n")
