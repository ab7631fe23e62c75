"""The command line as programs and people use it: precedence, streams, colour, files, interruptions."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

import attnviz
from attnviz.analysis.probes.align import TARGET_ROWS
from attnviz.analysis.probes.repeat import REPEAT_SCORES
from attnviz.cli.app import Commands, app
from attnviz.cli.block_options import SHOWN_FIELDS
from attnviz.cli.commands.show import app as show_app
from attnviz.encoder.config.given import NORMS, field_names, field_table
from attnviz.names import (
    FILE_FORMATS,
    KINDS,
    PICTURE_FORMATS,
    PICTURE_KINDS,
    PICTURE_NORMS,
    PICTURE_SCALES,
    REDUCTIONS,
    VALUES,
)
from attnviz.output.colormaps import TERMINAL_COLORMAPS
from attnviz.output.terminal.styles import STYLES

SENTENCE = "The cat didn't sit."
ROOT = Path(__file__).parents[2]
COMMANDS = [
    "weights",
    "show",
    "html",
    "heatmap",
    "explain",
    "check",
    "diff",
    "schema",
    "weights init",
    "weights info",
    "weights convert",
    "models",
]


def weights(ran):
    assert ran.code == 0, ran.err
    return np.float32(json.loads(ran.out)["attention"])


def process(*argv, **more):
    environ = {"PYTHONPATH": str(ROOT), **os.environ, **more.pop("environ", {})}
    return subprocess.Popen([sys.executable, "-m", "attnviz", *argv], env=environ, **more)


# Help


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_options_and_examples(cli, command, flag):
    ran = cli(*command.split(), flag)
    assert (ran.code, ran.err) == (0, "")
    assert "Examples:" in ran.out
    assert f"attnviz {command}" in ran.out
    assert "\x1b" not in ran.out


def test_no_command_prints_help_and_the_version_is_one_line(cli):
    assert "Commands:" in cli().out
    for words in ("--version", "-V", "version"):
        assert cli(words) == (0, f"attnviz {attnviz.__version__}\n", "")


def test_the_table_of_commands_says_what_the_commands_say():
    group = typer.main.get_command(app)
    for name, summary in Commands.summaries.items():
        command = group.get_command(None, name)
        assert command.help.split("\n\n")[0].replace("\n", " ") == summary


# The values that an option takes, beside those of the block's fields, by its flag.
CHOICES = {
    "--kind": KINDS,
    "--values": VALUES,
    "--reduce": REDUCTIONS,
    "--style": ("auto", *STYLES),
    "--scale": PICTURE_SCALES,
    "--color": ("auto", "always", "never"),
    "--on-error": ("stop", "skip"),
    "--sort": REPEAT_SCORES,
    "--row": TARGET_ROWS,
    "--format": FILE_FORMATS,
    "--file-format": FILE_FORMATS,  # of heatmap, whose --format is that of its pictures
}


def parameters(command):
    """The parameters of a command and of the commands below it, also those that few lines need."""
    if hasattr(command, "declare_seldom"):
        command.declare_seldom()
    yield from command.params
    for part in getattr(command, "commands", {}).values():
        yield from parameters(part)


def test_an_option_takes_the_values_of_its_table():
    group = typer.main.get_command(app)
    found = {}
    for name in group.list_commands(None):
        for parameter in parameters(group.get_command(None, name)):
            if choices := getattr(parameter.type, "choices", None):
                found.setdefault(parameter.opts[0], set()).add(tuple(choices))
    fields = {f"--{f.name.replace('_', '-')}": f.metadata.get("choices") for f in field_table()}
    expected = CHOICES | {flag: choices for flag, choices in fields.items() if choices}
    assert found.pop("--cmap") == {tuple(TERMINAL_COLORMAPS)}
    # In heatmap these are about pictures; its --norm is that of the block too, which has a flag of its own there.
    assert found["--style"] == {("auto", *STYLES), PICTURE_KINDS}
    assert found["--norm"] == {NORMS, (*PICTURE_NORMS, *NORMS)}
    expected |= {"--block-norm": NORMS}
    found |= {"--style": {("auto", *STYLES)}, "--norm": {NORMS}}
    assert found == {flag: {choices} for flag, choices in expected.items()}


def test_the_formats_of_pictures_are_in_the_help(cli):
    assert f"{', '.join(PICTURE_FORMATS)}, or in a folder several" in " ".join(cli("heatmap", "--help").out.split())


# Precedence


def test_a_flag_wins_over_a_variable_a_file_and_the_default(cli, tmp_path, monkeypatch):
    (tmp_path / "block.toml").write_text("n_heads = 8\nn_layers = 3\n")

    def sizes(*flags):
        return weights(cli("show", SENTENCE, "--json", "--seed", "0", *flags)).shape[:2]

    assert sizes() == (2, 4)
    assert sizes("--config", "block.toml") == (3, 8)
    monkeypatch.setenv("ATTNVIZ_N_HEADS", "2")
    assert sizes() == (2, 2)
    assert sizes("--config", "block.toml") == (3, 2)
    assert sizes("--config", "block.toml", "--n-heads", "1") == (3, 1)
    monkeypatch.setenv("ATTNVIZ_CONFIG", "block.toml")
    assert sizes() == (3, 2)


def test_of_weights_and_a_seed_the_flag_wins_over_the_variable(cli, monkeypatch):
    def origin(*flags):
        return json.loads(cli("show", "a", "--json", *flags).out)["model"]["weights"][:6]

    assert cli("weights", "init", "-o", "a.npz").code == 0
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", "a.npz")
    assert origin() == "sha256"
    assert origin("--seed", "3") == "seed:3"
    monkeypatch.delenv("ATTNVIZ_WEIGHTS")
    monkeypatch.setenv("ATTNVIZ_SEED", "3")
    assert origin() == "seed:3"
    assert origin("--weights", "a.npz") == "sha256"


def test_help_shows_sixteen_fields_of_the_block_and_every_field_is_a_flag(cli):
    help_text = cli("show", "--help").out
    shown = {name for name in field_names() if re.search(rf"^  --{name.replace('_', '-')}\b", help_text, re.M)}
    assert shown == set(SHOWN_FIELDS)
    assert len(shown) == 16
    assert "--set NAME=VALUE" in help_text
    flags = {flag for parameter in parameters(typer.main.get_command(show_app)) for flag in parameter.opts}
    assert {f"--{name.replace('_', '-')}" for name in field_names()} <= flags


def test_set_gives_any_field_as_its_flag_does(cli, monkeypatch):
    def model(*arguments):
        return json.loads(cli("show", "a b", "--json", *arguments).out)["model"]

    for name, value, flag in (
        ("n_heads", "8", ("--n-heads", "8")),
        ("rotary_base", "5e5", ("--rotary-base", "5e5")),
        ("bias", "false", ("--no-bias",)),
        ("position", "rotary", ("--position", "rotary")),
        ("seed", "7", ("--seed", "7")),
    ):
        seed = () if name == "seed" else ("--seed", "0")
        assert model("--set", f"{name}={value}", *seed) == model(*flag, *seed) != model("--seed", "0")
    assert model("--set", "n-heads=8", "--n-heads", "8", "--seed", "0")["n_heads"] == 8  # the same value twice
    monkeypatch.setenv("ATTNVIZ_N_HEADS", "2")
    monkeypatch.setenv("ATTNVIZ_SEED", "3")
    assert model("--set", "n_heads=8", "--set", "d_ff=0")["n_heads"] == 8
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", "nowhere.npz")  # --set seed counts as a flag, and wins over variables
    assert model("--set", "seed=4")["weights"] == "seed:4"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "n_heads"), "set: 'n_heads' has no '='; expected NAME=VALUE, such as n_heads=8"),
        (
            ("--set", "n_head=8"),
            "set: unknown field 'n_head' (did you mean 'n_heads'?); expected fields of the block",
        ),
        (("--set", "n_heads=many"), "n_heads: 'many' is not a whole number; expected a whole number"),
        (("--set", "n_heads=2.5"), "n_heads: 2.5 is not a whole number; expected a whole number"),
        (("--set", "norm_eps=x"), "norm_eps: 'x' is not a number; expected a number"),
        (("--set", "gated=maybe"), "gated: 'maybe' is not a truth value; expected true or false"),
        (("--set", "n_heads=8", "--n-heads", "4"), "set, n-heads: 8 and 4; expected one value"),
        (("--set", "n_heads=8", "--set", "n_heads=4"), "set: n_heads is both 8 and 4; expected one value"),
    ],
)
def test_a_wrong_set_gets_one_line(cli, arguments, message):
    ran = cli("show", "a", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"attnviz: error: {message}\n")


# Input


def test_texts_come_from_the_argument_a_file_or_standard_input(cli, tmp_path):
    (tmp_path / "texts.txt").write_bytes("\ufeffone two\r\nthree\n".encode())
    show = ("show", "--seed", "0", "--json")
    argument = cli(*show, "one two").out
    for ran in (
        cli(*show, "-", stdin="one two\nthree\n"),
        cli(*show, stdin="one two\nthree"),
        cli(*show, "--file", "texts.txt"),
    ):
        assert ran.code == 0
        first, second = ran.out.splitlines(keepends=True)
        assert first == argument
        assert json.loads(second)["tokens"] == ["three"]


def test_blank_lines_are_skipped_and_a_note_says_which(cli):
    ran = cli("show", "-", "--json", stdin="a\n\n  \nb\n\n")
    assert len(ran.out.splitlines()) == 2
    assert ran.err == "attnviz: note: standard input: skipped blank lines 2-3,5\n"
    assert cli("show", "-", "--json", "-q", stdin="a\n\n").err == ""


def test_results_are_printed_as_they_are_computed():
    running = process("show", "-", "--seed", "0", "--json", "-L", "0", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(b"one\n")
    running.stdin.flush()
    assert json.loads(running.stdout.readline())["tokens"] == ["one"]
    running.stdin.write(b"two\n")
    running.stdin.close()
    assert json.loads(running.stdout.readline())["tokens"] == ["two"]
    assert running.wait(300) == 0
    running.stdout.close()


def test_a_pair_is_a_second_segment(cli):
    document = json.loads(cli("show", "a b", "--pair", "c", "--seed", "0", "--json").out)
    assert document["tokens"] == ["a", "b", "[SEP]", "c"]
    assert document["special"] == [False, False, True, False]
    assert document["segments"] == [0, 0, 0, 1]
    assert (document["text"], document["pair"]) == ("a b", "c")


def test_padding_is_masked(cli):
    document = json.loads(cli("show", "a b", "--pad-to", "4", "--seed", "0", "--json").out)
    assert document["tokens"] == ["a", "b", "[PAD]", "[PAD]"]
    assert document["masked"][0] == [False, False, True, True]
    assert all(value == 0 for row in document["attention"][0][0] for value in row[2:])


def test_a_tokenizer_file_brings_its_vocabulary(cli, tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    library = Tokenizer(models.WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "cat": 3, "##s": 4}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    library.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 1), ("[SEP]", 2)])
    library.save(str(tmp_path / "tokenizer.json"))
    document = json.loads(cli("show", "cats", "--tokenizer", "tokenizer.json", "--json").out)
    assert document["tokens"] == ["[CLS]", "cat", "##s", "[SEP]"]
    assert document["labels"] == ["[CLS]", "cat", "s", "[SEP]"]
    assert document["model"]["n_vocab"] == 5
    assert "2 s " in cli("show", "cats", "--tokenizer", "tokenizer.json", "-L", "0", "-H", "0", "--no-words").out
    raw = cli("show", "cats", "--tokenizer", "tokenizer.json", "-L", "0", "-H", "0", "--raw-tokens", "--no-words").out
    assert "2 ##s" in raw

    assert cli("weights", "init", "-o", "with.safetensors", "--tokenizer", "tokenizer.json").code == 0
    again = json.loads(cli("show", "cats", "--weights", "with.safetensors", "--json").out)
    assert again["tokens"] == document["tokens"]
    assert again["attention"] == document["attention"]


def test_padding_of_a_tokenizer_file_is_its_own_token_or_refused(cli, tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    for name, vocabulary in (("with", {"[UNK]": 0, "a": 1, "[PAD]": 2}), ("without", {"[UNK]": 0, "a": 1})):
        library = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        library.pre_tokenizer = pre_tokenizers.Whitespace()
        library.save(str(tmp_path / f"{name}.json"))
    document = json.loads(cli("show", "a", "--tokenizer", "with.json", "--pad-to", "3", "--json").out)
    assert document["token_ids"] == [1, 2, 2]
    assert document["masked"][0] == [False, True, True]
    ran = cli("show", "a", "--tokenizer", "without.json", "--pad-to", "3")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "attnviz: error: without.json: it has no token for padding; expected one such as [PAD]\n"


def test_labels_and_names_that_are_not_utf_8_are_no_bugs(cli):
    assert cli("weights", "init", "-o", "e\udcff.npz").code == 0
    assert cli("show", "a", "--weights", "e\udcff.npz", "--json").code == 0
    ran = cli("show", "--attention", "-", "--tokens", "\udcff a", "--json", stdin="[[1, 0], [0, 1]]")
    assert ran.code == 3
    assert ran.err.startswith("attnviz: error: tokens: character 1 is \\udcff")


# Weights


@pytest.mark.parametrize("name", ["toy.safetensors", "toy.npz"])
@pytest.mark.parametrize("fields", [[], ["--position", "relative", "--score", "additive", "--norm-placement", "pre"]])
def test_a_file_gives_exactly_what_its_seed_gives(cli, name, fields):
    assert cli("weights", "init", "-o", name, "--seed", "3", "--decoder", "--n-vocab", "99", *fields).code == 0
    seeded = json.loads(
        cli("show", SENTENCE, "--target", "le chat", "--seed", "3", "--n-vocab", "99", *fields, "--json").out
    )
    loaded = json.loads(cli("show", SENTENCE, "--target", "le chat", "--weights", name, "--json").out)
    for key in ("attention", "decoder_attention", "cross_attention"):
        assert seeded[key] == loaded[key]
    assert loaded["model"]["weights"].startswith("sha256:")


def test_converting_there_and_back_gives_the_same_attention(cli):
    cli("weights", "init", "-o", "a.safetensors", "--n-vocab", "99")
    assert cli("weights", "convert", "a.safetensors", "-o", "b.npz").code == 0
    assert cli("weights", "convert", "b.npz", "-o", "c.safetensors").code == 0
    assert Path("a.safetensors").read_bytes() == Path("c.safetensors").read_bytes()
    ran = cli("weights", "convert", "b.npz", "-o", "c.safetensors")
    assert ran.code == 1
    assert cli("weights", "convert", "b.npz", "-o", "c.safetensors", "--force").code == 0


def test_fields_may_be_changed_as_long_as_the_tensors_fit(cli):
    cli("weights", "init", "-o", "a.npz")
    seeded = weights(cli("show", SENTENCE, "--json", "--seed", "0", "--mask", "causal"))
    np.testing.assert_array_equal(
        weights(cli("show", SENTENCE, "--json", "--weights", "a.npz", "--mask", "causal")), seeded
    )


# What is printed


def test_a_choice_of_layers_or_heads_prints_every_matrix(cli):
    every = cli("show", SENTENCE, "--seed", "0", "-L", "all").out
    assert re.findall(r"^(L\dH\d)(?:: | of )", every, re.MULTILINE) == [f"L{i}H{j}" for i in range(2) for j in range(4)]
    assert every.count("rows look at columns") == 1
    summary = cli("show", SENTENCE, "--seed", "0", "--values", "norms").out
    assert "mean of layers 0-1, heads 0-3" in summary
    assert summary.count("\nL0H") == 4


def test_a_target_prints_cross_attention_unless_another_kind_is_chosen(cli):
    of_target = ("show", SENTENCE, "--target", "le chat", "-L", "0", "-H", "0")
    out = cli(*of_target).out
    assert cli(*of_target, "--kind", "cross").out == out
    assert "cross-attention: target rows look at source columns" in " ".join(out.split())
    for kind, words in (("encoder", ""), ("decoder", ", decoder self-attention")):
        out = " ".join(cli(*of_target, "--kind", kind).out.split())
        assert f"{words}: rows look at columns, in percent" in out


def test_every_view_says_where_its_weights_came_from(cli):
    for argv in (["show"], ["show", "-L", "0"], ["show", "-L", "0", "--style", "blocks"], ["explain"]):
        out = cli(*argv, SENTENCE, "--seed", "0").out
        assert "random weights of seed 0" in out
        assert "any pattern is chance" in " ".join(out.split())
        assert re.search(r"tiny\W{1,2}3 layers x 12 heads", cli(*argv, SENTENCE).out)


@pytest.mark.parametrize(
    ("flags", "environ", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_decided_by_flag_then_environment(cli, monkeypatch, flags, environ, coloured):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("show", SENTENCE, *flags).out) is coloured


def test_an_ascii_stream_gets_ascii(cli):
    for argv in (
        ["show", "日本 é", "--mask", "causal", "--seed", "0"],
        ["explain", "日本 é", "--seed", "0"],
        ["show", "-L", "0", "--style", "blocks", "日本 é", "--seed", "0"],
        ["show", "日本 é", "-q"],
    ):
        ran = cli(*argv, encoding="ascii")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.isascii()
    assert "\\u65e5" in cli("show", "日本", "-L", "0", "--seed", "0", encoding="ascii").out
    assert cli("show", "日本", encoding="ascii").err == (
        "attnviz: note: not in the vocabulary of tiny: \\u65e5, \\u672c\n"
    )


def test_hostile_tokens_print_no_control_character(cli):
    text = "[red] [/] \x1b[31mred\x1b[0m \u202eabc\x00 $$ " + "x" * 500
    for argv in (["show", "-L", "0"], ["show", "--style", "top"], ["explain"]):
        ran = cli(*argv, text)
        assert ran.code == 0
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ran.out)
        assert max(map(len, ran.out.splitlines())) <= 80


# Pictures


def test_heatmap_writes_a_picture_a_head_and_an_overview(cli):
    ran = cli("heatmap", SENTENCE, "--seed", "0", "-o", "deep/out")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "attnviz: note: deep/out: 9 pictures written\n"
    assert sorted(p.name for p in Path("deep/out").iterdir()) == [
        *(f"L{layer:02}H{head:02}.png" for layer in range(2) for head in range(4)),
        "overview.png",
    ]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_heatmap_replaces_its_own_pictures_and_no_others(cli, ending):
    argv = ("heatmap", SENTENCE, "-o", "out", "--overview-only", "--format", ending)
    assert cli(*argv).code == 0
    assert cli(*argv).code == 0
    Path(f"out/overview.{ending}").write_bytes(b"somebody else's")
    ran = cli(*argv)
    assert ran.code == 1
    assert f"out/overview.{ending}: exists already; expected a new file, or --force" in ran.err
    assert Path(f"out/overview.{ending}").read_bytes() == b"somebody else's"
    assert cli(*argv, "--force").code == 0


def test_missing_glyphs_are_noted_once_for_all_texts(cli):
    ran = cli("heatmap", "-", "-o", "out", "--overview-only", stdin="\u1230\n\u1231\n\u1232\n")
    assert ran.code == 0
    assert ran.err.count("no installed font") <= 1


def test_heatmap_of_piped_json_is_the_heatmap_of_the_text(cli):
    piped = cli("show", SENTENCE, "--json").out
    assert cli("heatmap", "--attention", "-", "-o", "a", "-L", "1", stdin=piped).code == 0
    assert cli("heatmap", SENTENCE, "-o", "b", "-L", "1").code == 0
    for path in Path("a").iterdir():
        assert path.read_bytes() == (Path("b") / path.name).read_bytes()


def test_heatmaps_of_several_texts_go_into_numbered_folders(cli):
    assert cli("heatmap", "-", "-o", "out", "--overview-only", stdin="one two\nthree four\n").code == 0
    assert sorted(str(p) for p in Path("out").rglob("*.png")) == [
        "out/text-001/overview.png",
        "out/text-002/overview.png",
    ]


def test_pictures_of_an_earlier_run_that_stay_are_told(cli):
    assert cli("heatmap", "a b", "--seed", "0", "-o", "out").err == "attnviz: note: out: 9 pictures written\n"
    for name in ("max.png", "L2report.png"):
        Path("out", name).touch()  # somebody's own
    fewer = ("heatmap", "a c", "--seed", "0", "--n-heads", "2", "-o", "out")
    assert cli(*fewer).err == (
        "attnviz: note: out: 5 pictures written, beside 4 of an earlier run (L00H02.png and 3 more)\n"
    )
    for more in (("--overview-only",), ("--format", "svg"), ("--heads-by-similarity",)):
        assert "earlier" not in cli(*fewer, *more).err
    cross = ("heatmap", "a c", "--target", "b", "--kind", "cross", "-o", "cross")
    assert cli(*cross).code == cli(*cross, "--overview-only").code == 0
    assert "earlier" not in cli(*cross, "--overview-only").err


def test_folders_that_have_other_numbers_than_the_lines_are_told(cli):
    flags = ("heatmap", "-", "--seed", "0", "--overview-only", "-o", "out")
    assert "is of line" not in cli(*flags, stdin="a\nb\n").err
    said = "text-002 is of line 3, as lines without a usable text have no folder"
    assert f"attnviz: note: {said}\n" in cli(*flags, stdin="a\n\nb\n\nc\n").err


def test_where_no_weight_is_large_the_scale_ends_there_and_says_so(cli, tmp_path):
    np.save(tmp_path / "even.npy", np.full((1, 2, 40, 40), 1 / 40))
    assert cli("heatmap", "--attention", "even.npy", "-o", "out").code == 0
    for name in ("L00H00", "overview"):
        with Image.open(f"out/{name}.png") as image:
            assert "scale 0–0.03, " in image.text["Title"]
            assert "the largest is 0.025" in image.text["Title"]


def test_heatmaps_of_several_piped_results_do_not_overwrite_each_other(cli):
    piped = cli("show", "-", "--json", stdin="one two\nthree four\n").out
    assert cli("heatmap", "--attention", "-", "-o", "out", "--overview-only", stdin=piped).code == 0
    assert len(list(Path("out").rglob("overview.png"))) == 2


def test_explanations_of_several_texts_have_headings(cli):
    out = cli("explain", "-", "--seed", "0", stdin="one\ntwo three\n").out
    lines = [line for line in out.splitlines() if line.startswith("text") or re.search(r" looks (most )?at ", line)]
    starts = ("text 1: one", '"one" looks most at "one" (100%): L', "text 2: two three", '"')
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


def test_a_token_that_a_line_does_not_have_is_that_lines_error(cli):
    ran = cli("explain", "-", "--seed", "0", "--query", "two", "--json", stdin="\ntwo\nthree\n")
    assert (ran.code, len(ran.out.splitlines())) == (2, 1)
    assert ran.err.startswith("attnviz: error: standard input, line 3: query: no word is 'two'")


def test_an_explanations_json_says_that_it_is_rounded(cli):
    document = json.loads(cli("explain", "one two", "--json", "--precision", "1").out)
    assert document["precision"] == 1
    assert document["steps"][0]["quantities"][0]["values"] == [
        round(value, 1) for value in document["steps"][0]["quantities"][0]["values"]
    ]


def test_each_of_several_texts_has_a_heading(cli):
    out = cli("show", "-", "-L", "0", "-H", "0", stdin="one [red]\x1b\ntwo\n").out
    assert re.findall(r"^text .*", out, re.MULTILINE) == ["text 1: one [red]\\x1b", "text 2: two"]
    assert "text 1" not in cli("show", "one", "-L", "0", "-H", "0").out


# Streams


def test_a_closed_pipe_ends_quietly():
    running = process("show", "-", "--json", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    with contextlib.suppress(BrokenPipeError):  # it may be gone before it has read everything
        running.stdin.write(b"one two three\n" * 2000)
        running.stdin.close()
    assert running.wait(300) == 0
    assert running.stderr.read() == b""
    running.stderr.close()


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_with_its_code_and_no_traceback(kind):
    running = process("show", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdin.write(b"one\n")
    running.stdin.flush()
    running.stdout.readline()
    running.send_signal(kind)
    assert running.wait(300) == 128 + kind
    assert running.stderr.read() == b""
    for stream in (running.stdin, running.stdout, running.stderr):
        stream.close()


def test_ctrl_c_is_ignored_where_it_was_ignored_at_the_start():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a script's background job starts
    running = process("show", "-", "--json", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, before)
    running.stdin.write(b"one\n")
    running.stdin.flush()
    first = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(b"two\n", timeout=300)
    assert [json.loads(line)["text"] for line in (first, out)] == ["one", "two"]
    assert (running.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "wb") as full:
        running = process("show", "one two", "--json", stdout=full, stderr=subprocess.PIPE)
        err = running.stderr.read().decode()
        assert running.wait(300) == 1
        running.stderr.close()
    assert err == "attnviz: error: output: No space left on device; expected a place that can be written to\n"


def test_debug_shows_the_traceback_of_what_failed(cli):
    with pytest.raises(attnviz.AttnvizError):
        cli("show", " ", "--debug")


def test_completion_offers_commands_and_values():
    def complete(line):
        environ = {"_ATTNVIZ_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        running = process(environ=environ, stdout=subprocess.PIPE)
        out = running.communicate(timeout=300)[0].decode()
        return out.split()

    assert "show" in complete("attnviz ")
    assert complete("attnviz show a --score ") == ["scaled_dot", "dot", "cosine", "additive"]
    assert complete("attnviz show a --n-layers 3 --layer ") == ["all", "0", "1", "2", "-1"]
    assert complete("attnviz explain a --n-heads 2 --head ") == ["all", "0", "1", "-1"]


def test_a_number_of_top_keys_asks_for_their_style(cli):
    argv = ("show", "a b c", "--seed", "0", "-L", "0", "-H", "0")
    assert cli(*argv, "--top", "2").out == cli(*argv, "--top", "2", "--style", "top").out
    ran = cli(*argv, "--top", "2", "--style", "numbers")
    assert (ran.code, ran.err) == (
        2,
        "attnviz: error: style, top: numbers print every key; expected --style top, or no --top\n",
    )


def test_a_line_that_is_being_completed_may_say_something_twice():
    words = "attnviz show --layer 0 --layer 1 --he"
    env = {"_ATTNVIZ_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "6"}
    ran = process("show", environ=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE).communicate(timeout=300)
    assert b"--head" in ran[0]
    assert ran[1] == b""
