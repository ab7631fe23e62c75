"""Many texts: each in its order with what it has alone, and what becomes of those that cannot be used."""

import io
import json
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from attnviz.checkpoints.formats.native import write_native
from attnviz.cli.main import main
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.text.reading import Lines
from attnviz.text.tokenizer import load_tokenizer
from attnviz.text.words import WHITE_SPACE
from tests.noise import equal_but_for_noise

SMALL = ("--n-layers", "2", "--n-heads", "3", "--d-model", "12", "--d-ff", "0", "--seed", "0")
TEXTS = ("the cat sat", "a", "the dog ran away", "one two three", "the cat sat", "on and on and on and on it went", "b")
ALONE = ("--workers", "1")  # several processes are started from processes of their own: test_sweeping.py
COMMANDS = {
    "show": ("show", "--json", "--model-info"),
    "check": ("check", "--json", "--where", "mean(entropy) > 0.5"),
}


@pytest.fixture
def texts(tmp_path):
    (tmp_path / "texts.txt").write_text("\n\n".join(TEXTS) + "\n")
    return "texts.txt"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    "model", [(), (*SMALL, "--target", "le chat", "--pad-to", "12"), (*SMALL, "--pair", "so be it", "--mask", "causal")]
)
def test_the_json_of_a_text_among_others_is_that_of_the_text_alone(cli, texts, command, model):
    together = cli(*command, "--file", texts, *model)
    assert together.code in (0, 1)
    lines = together.out.splitlines()
    assert len(lines) == len(TEXTS)
    for number, (line, text) in enumerate(zip(lines[:5], TEXTS[:5], strict=True)):
        alone = json.loads(cli(*command, *model, text).out)
        found = json.loads(line)
        if command[0] == "check":
            assert found.pop("where") == f"texts.txt, line {2 * number + 1}"
        assert equal_but_for_noise(found, alone)


def test_noise_is_the_only_thing_that_may_differ():
    assert equal_but_for_noise({"a": [1.0, 2]}, {"a": [1.000001, 2]})
    for other in ({"a": [1.0001, 2]}, {"a": [1.0, 3]}, {"a": [1.0]}, {"b": [1.0, 2]}, {"a": [1, 2]}):
        assert not equal_but_for_noise({"a": [1.0, 2]}, other)


@pytest.mark.parametrize("most", [1, 3])
def test_heads_are_the_same_whatever_texts_are_looked_at_together(cli, texts, monkeypatch, most):
    expected = json.loads(cli("heads", "--json", "--file", texts, *SMALL).out)
    assert expected["texts"] == len(TEXTS)
    monkeypatch.setattr(Lines.windows, "__defaults__", (most,))
    assert equal_but_for_noise(json.loads(cli("heads", "--json", "--file", texts, *SMALL, *ALONE).out), expected)


# What is in a file, and what is said of it: the notes with skip, the error with stop, which lines are used.
BAD = {
    "bytes": (
        b"the cat\nb\xff\n\nthe dog\n",
        [(2, "byte 2 of the line (0xff) is not UTF-8; expected UTF-8 text")],
    ),
    "length": (
        b"a b\na b c d e\nc d\n\na b c d\n",
        [
            (2, "text: 5 tokens, and n_ctx is 3; expected at most 3"),
            (5, "text: 4 tokens, and n_ctx is 3; expected at most 3"),
        ],
    ),
    "both": (
        b"\xff\na b\na b c d\n\xc3\nc\n",
        [
            (1, "byte 1 of the line (0xff) is not UTF-8; expected UTF-8 text"),
            (3, "text: 4 tokens, and n_ctx is 3; expected at most 3"),
            (4, "byte 1 of the line (0xc3) is not UTF-8; expected UTF-8 text"),
        ],
    ),
}


@pytest.mark.parametrize(("piped", "most"), [(False, 1), (True, 64)])
@pytest.mark.parametrize(("data", "bad"), BAD.values(), ids=BAD)
def test_skipped_lines_are_noted_and_the_others_come_in_order(cli, tmp_path, monkeypatch, data, bad, piped, most):
    monkeypatch.setattr(Lines.windows, "__defaults__", (most,))
    (tmp_path / "bad.txt").write_bytes(data)
    name, flags = ("standard input", ("-",)) if piped else ("bad.txt", ("--file", "bad.txt"))
    lines = data.split(b"\n")[:-1]
    blank = [number for number, line in enumerate(lines, start=1) if not line]
    there = {n: line.decode() for n, line in enumerate(lines, start=1) if line and n not in dict(bad)}
    good = list(there.values())
    notes = [f"attnviz: note: {name}, line {number}: {what}; skipped" for number, what in bad]
    notes += [f"attnviz: note: {name}: skipped blank line {number}" for number in blank]
    notes += [f"attnviz: note: {name}: {len(bad)} of {len(lines) - len(blank)} texts skipped"]
    skip = ("--on-error", "skip", *SMALL, "--n-ctx", "3")
    for command in COMMANDS.values():
        ran = cli(*command, *flags, *skip, *ALONE, stdin=data)
        assert (ran.code, ran.err.splitlines()) == (0, notes) if command[0] == "show" else ran.code in (0, 1)
        documents = [json.loads(line) for line in ran.out.splitlines()]
        assert [document["text"] for document in documents] == good
        assert [document["where"] for document in documents] == [f"{name}, line {number}" for number in there]
    table = cli("show", *flags, *skip, stdin=data)
    assert (table.code, table.err.splitlines()) == (0, notes)
    assert [line for line in table.out.splitlines() if line.startswith("text ")] == [
        f"text {i}: {text}" if i == number else f"text {i} (line {number}): {text}"
        for i, (number, text) in enumerate(there.items(), start=1)
    ]
    heads = cli("heads", "--json", *flags, *skip, *ALONE, stdin=data)
    assert (heads.code, json.loads(heads.out)["texts"], heads.err.splitlines()) == (0, len(good), notes)


@pytest.mark.parametrize("most", [1, 64])
@pytest.mark.parametrize(("data", "bad"), BAD.values(), ids=BAD)
def test_without_skipping_the_texts_before_the_bad_one_are_printed(cli, tmp_path, monkeypatch, data, bad, most):
    monkeypatch.setattr(Lines.windows, "__defaults__", (most,))
    (tmp_path / "bad.txt").write_bytes(data)
    number, what = bad[0]
    before = [line.decode() for line in data.split(b"\n")[: number - 1] if line]
    for command, stop in zip(COMMANDS.values(), ((), ("--on-error", "stop")), strict=True):
        ran = cli(*command, "--file", "bad.txt", *stop, *SMALL, "--n-ctx", "3", *ALONE)
        assert ran.code == 3
        assert ran.err.splitlines()[0] == f"attnviz: error: bad.txt, line {number}: {what}"
        assert [json.loads(line)["text"] for line in ran.out.splitlines()] == before


@pytest.mark.parametrize("command", ["show", "heads", "check"])
def test_where_no_line_can_be_used_there_is_an_error(cli, tmp_path, command):
    (tmp_path / "bad.txt").write_bytes(b"a b c d\n\n\xff\n")
    flags = ("--where", "any(self > 0)") if command == "check" else ()
    ran = cli(command, "--file", "bad.txt", *flags, "--json", "--on-error", "skip", *SMALL, "--n-ctx", "3")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines()[-2:] == [
        "attnviz: note: bad.txt: skipped blank line 2",
        "attnviz: error: bad.txt: none of its 2 texts can be used; expected at least one",
    ]


@pytest.mark.parametrize(("data", "what"), [(b"", "it is empty"), (b"\n \n", "all lines are blank")])
def test_skipping_makes_no_text_where_there_is_none(cli, data, what):
    ran = cli("show", "--json", "--on-error", "skip", *SMALL, stdin=data)
    expected = f"attnviz: error: standard input: {what}; expected at least one text\n"
    assert (ran.code, ran.out, ran.err) == (3, "", expected)


def test_the_text_of_the_command_line_itself_is_not_skipped(cli):
    ran = cli("show", "a b c d", "--on-error", "skip", *SMALL, "--n-ctx", "3")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("attnviz: error: text: 4 tokens, and n_ctx is 3;")


def test_a_line_that_is_longer_than_what_it_is_filled_up_to_is_skipped(cli, texts):
    ran = cli("show", "--json", "--file", texts, "--pad-to", "3", "--on-error", "skip", *SMALL)
    assert [json.loads(line)["text"] for line in ran.out.splitlines()] == [t for t in TEXTS if len(t.split()) <= 3]
    assert ran.err.splitlines()[0] == (
        "attnviz: note: texts.txt, line 5: pad-to: 3 is less than the text's 4 tokens; expected 4 or more; skipped"
    )


@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_what_is_no_lines_fault_is_no_reason_to_skip_lines(cli, texts, on_error):
    alone = cli("check", "a b", "--where", "L9H0.self > 0", *SMALL)
    ran = cli("check", "--file", texts, "--where", "L9H0.self > 0", "--on-error", on_error, *SMALL)
    assert (ran.code, ran.out, ran.err) == (2, "", alone.err)
    assert ran.err.splitlines()[1:] == ["L9H0.self > 0", "^"]
    ran = cli("show", "--json", "--file", texts, "-L", "9", "--on-error", on_error, *SMALL)
    assert (ran.code, ran.out) == (2, "")


def checkpoint_with(path, row: np.ndarray) -> None:
    """A native checkpoint in which the word "boom" has that vector."""
    config = EncoderConfig(n_layers=1, n_heads=2, d_model=8, d_ff=0, n_vocab=97)
    made = SeededParams(config)
    tensors = {name: made[name].copy() for name in made}
    (token,) = load_tokenizer("word").encode("boom", n_vocab=97)
    tensors["embed.tokens"][token.id] = row
    write_native(path, config, ArrayParams(tensors))


@pytest.mark.parametrize(
    "command", [("show", "--json"), ("show",), ("heads",), ("heatmap", "-o", "out", "--overview-only")]
)
def test_a_text_whose_numbers_overflow_is_a_line_that_cannot_be_used(cli, tmp_path, command):
    checkpoint_with(tmp_path / "boom.safetensors", np.resize(np.array([3e38, -3e38], np.float32), 8))
    (tmp_path / "texts.txt").write_text("the cat\nthe boom\nthe dog\n")
    flags = (*command, "--file", "texts.txt", "--weights", "boom.safetensors")
    said = (
        "texts.txt, line 2: encoder layer 0: the weights are not finite; expected vectors and weights of a usual size"
    )
    ran = cli(*flags)
    assert (ran.code, ran.err.splitlines()[-1]) == (3, f"attnviz: error: {said}")
    ran = cli(*flags, "--on-error", "skip")
    assert ran.code == 0
    assert f"attnviz: note: {said}; skipped" in ran.err.splitlines()
    assert "attnviz: note: texts.txt: 1 of 3 texts skipped" in ran.err.splitlines()


def test_a_broken_checkpoint_is_no_lines_fault(cli, tmp_path):
    checkpoint_with(tmp_path / "nan.safetensors", np.full(8, np.nan, np.float32))
    (tmp_path / "texts.txt").write_text("the cat\nboom\nthe dog\n")
    for on_error, workers in product(("stop", "skip"), ("1", "2")):
        flags = ("--weights", "nan.safetensors", "--on-error", on_error, "--workers", workers)
        ran = cli("show", "--json", "--file", "texts.txt", *flags)
        assert (ran.code, [json.loads(line)["text"] for line in ran.out.splitlines()]) == (3, ["the cat"])
        assert ran.err.startswith("attnviz: error: nan.safetensors: embed.tokens[")


some_bytes = st.binary(max_size=200) | st.lists(st.text(), max_size=9).map("\n".join).map(str.encode)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some_bytes, skip=st.booleans())
@example(data=b"\x00\n\xef\xbb\xbf\n\r\r\n[CLS]", skip=True)
@example(data=b"\x1c", skip=True)
@example(data="\u2028\n\u0301\n\U0010ffff\x1b[31m".encode(), skip=False)
def test_no_bytes_give_a_traceback_or_an_internal_error(tmp_path, data, skip):
    """Each line is printed, blank, or noted; and of what is not skipped the first is the error."""
    path = tmp_path / "any.txt"
    path.write_bytes(data)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    argv = ["show", "--json", "--file", str(path), *SMALL, "--n-ctx", "9", "--top", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        code = main([*argv, *(("--on-error", "skip") if skip else ())])
    printed, said = (stream.buffer.getvalue().decode() for stream in (out, err))
    assert code in (0, 3)
    assert "Traceback" not in said
    assert "internal" not in said
    assert all(line.startswith(("attnviz: note: ", "attnviz: error: ", "hint: ")) for line in said.splitlines())
    assert said.replace("\n", "").isprintable()
    assert ("error: " in said) == (code == 3)
    texts = [json.loads(line)["text"] for line in printed.split("\n")[:-1]]
    lines = [line.removesuffix(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    rest = iter(lines)
    assert all(text.encode() in rest for text in texts)  # in their order
    if skip:
        skipped = [line for line in said.splitlines() if line.endswith("; skipped")]
        used = [line for line in lines if not _is_blank(line)]
        assert len(texts) + len(skipped) == len(used)


def _is_blank(line: bytes) -> bool:
    try:
        return not line.decode().strip(WHITE_SPACE)
    except UnicodeDecodeError:
        return False
