"""``check``: whether conditions hold decides the exit code, and each is printed with what was measured."""

import io
import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.heads.definitions import METRICS, kind_metrics
from attnviz.analysis.heads.metrics import head_metrics
from attnviz.cli.main import main

TEXT = "The cat sat on the cat."
KNOWN = ", ".join([*METRICS, "layer", "head", "label"])
WITHOUT_TOKENS = ", ".join([*(name for name in kind_metrics("encoder") if not METRICS[name].identity), "layer", "head"])


@pytest.fixture
def looks_back(tmp_path):
    """Attention of one layer: head 0 looks at the previous token only, head 1 everywhere."""
    n = 5
    previous = np.eye(n, k=-1)
    previous[0, 0] = 1
    np.save(tmp_path / "heads.npy", np.stack([previous, np.full((n, n), 1 / n)])[None].astype(np.float32))
    return "heads.npy"


def test_all_hold_and_the_exit_code_is_0(cli, looks_back):
    ran = cli("check", "--attention", looks_back, "--where", "L0H0.previous >= 0.99", "--where", "max(entropy) < 1.7")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1:] == ["ok  L0H0.previous >= 0.99  1", "ok  max(entropy) < 1.7     1.609"]


def test_one_fails_and_the_exit_code_is_1(cli, looks_back):
    conditions = (
        "L0H1.previous > 0.5",
        "L0H0.label == previous",
        "any(previous > 0.5)",
        "max(self) > 1 or L0H0.head == 0",
    )
    ran = cli("check", "--attention", looks_back, *(word for c in conditions for word in ("--where", c)))
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[1:] == [
        "FAILS  L0H1.previous > 0.5              0.2",
        "ok     L0H0.label == previous           previous",
        "ok     any(previous > 0.5)              1 of 2 heads",
        "ok     max(self) > 1 or L0H0.head == 0  0.2; 0",
    ]


def test_what_is_printed_never_contradicts_the_outcome(cli, tmp_path):
    exact = 0.79997
    np.save(tmp_path / "near.npy", np.array([[1, 0], [exact, 1 - exact]]))
    conditions = ("L0H0.previous >= 0.8", "L0H0.previous < 0.8", "0.1 < L0H0.previous < 0.79998", "L0H0.previous > 0.5")
    ran = cli("check", "--attention", "near.npy", *(word for c in conditions for word in ("--where", c)))
    assert ran.code == 1
    assert ran.out.splitlines()[1:] == [
        "FAILS  L0H0.previous >= 0.8           0.79997",
        "ok     L0H0.previous < 0.8            0.79997",
        "ok     0.1 < L0H0.previous < 0.79998  0.79997",
        "ok     L0H0.previous > 0.5            0.8",
    ]


def test_quiet_prints_only_failures(cli, looks_back):
    argv = ("check", "--attention", looks_back, "-q", "--where", "L0H0.previous > 0.5")
    assert cli(*argv) == (0, "", "")
    assert cli(*argv, "--where", "L0H1.previous > 0.5") == (1, "FAILS  L0H1.previous > 0.5  0.2\n", "")


def test_values_are_the_metrics_of_the_run(cli):
    attention = attnviz.run(TEXT, seed=0).views["encoder"]
    values = head_metrics(attention).values
    that = ("L0H1.previous >= 0", "max(entropy) > 0", "mean(L1.first) > 0")
    ran = cli("check", TEXT, "--seed", "0", "--json", *(word for c in that for word in ("--where", c)))
    (document,) = [json.loads(line) for line in ran.out.splitlines()]
    expected = [values["previous"][0, 1], values["entropy"].max(), values["first"][1].mean()]
    np.testing.assert_allclose([c["value"] for c in document["conditions"]], expected, rtol=1e-12)
    assert document["holds"] is True


def test_random_weights_are_called_so(cli):
    assert "any pattern is chance" in cli("check", TEXT, "--seed", "0", "--where", "max(entropy) > 0").out


def test_conditions_come_from_a_file_with_comments(cli, tmp_path, looks_back):
    (tmp_path / "conditions.txt").write_text("# heads\n\nmax(entropy) < 2  # nats\nL0H0.previous > 0.9\n")
    ran = cli("check", "--attention", looks_back, "--where", "@conditions.txt", "--where", "min(span) >= 1")
    assert ran.code == 0
    assert [line.split("  ")[1] for line in ran.out.splitlines()[1:]] == [
        "max(entropy) < 2",
        "L0H0.previous > 0.9",
        "min(span) >= 1",
    ]


def test_each_text_is_checked_and_a_failing_one_named_by_its_line(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("a b c d e f\n\na\nb\n")
    argv = ("check", "--file", "texts.txt", "--seed", "0", "--where", "max(entropy) < 0.1")
    ran = cli(*argv)
    assert (ran.code, ran.err) == (1, "attnviz: note: texts.txt: skipped blank line 2\n")
    lines = ran.out.splitlines()
    assert [line for line in lines if "line" in line] == [
        "texts.txt, line 1: a b c d e f",
        "texts.txt, line 3: a",
        "texts.txt, line 4: b",
    ]
    assert lines[-1] == "1 of 3 texts fails"
    quiet = cli(*argv, "-q")
    assert (quiet.code, quiet.err) == (1, "")
    assert [line.split(":")[0] for line in quiet.out.splitlines()][::2] == ["texts.txt, line 1", "1 of 3 texts fails"]
    piped = cli("check", "--seed", "0", "--where", "max(entropy) < 0.1", "-q", stdin="a\nb\n")
    assert piped == (0, "", "")


def test_several_documents_are_numbered(cli):
    documents = cli("show", "--seed", "0", "--json", stdin="a b\nc d e\n").out
    ran = cli("check", "--attention", "-", "--where", "max(entropy) < 0.8", stdin=documents)
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.out.splitlines() if ", text" in line] == [
        "standard input, text 1",
        "standard input, text 2",
    ]


def test_what_has_nothing_to_measure_does_not_hold(cli):
    ran = cli("check", "a b c", "--seed", "0", "--where", "L0H0.same >= 0", "--where", "not L0H0.same >= 0")
    assert ran.code == 1
    assert ran.out.splitlines()[1:] == ["FAILS  L0H0.same >= 0      undefined", "ok     not L0H0.same >= 0  undefined"]


def test_a_selection_is_what_conditions_are_about(cli):
    def count(*flags):
        ran = cli("check", TEXT, "--seed", "0", "--json", "--where", "all(entropy > 0)", *flags)
        return json.loads(ran.out)["conditions"][0]["of"]

    assert count() == 8
    assert count("--layer", "1") == 4
    assert count("--layer", "1", "--head", "0,2-3") == 3


def test_with_a_target_it_is_about_cross_attention(cli):
    argv = ("check", "a b", "--target", "c d e", "--where", "max(entropy) <= 0.7", "--json")
    kinds = [json.loads(cli(*argv, *more).out)["kind"] for more in ((), ("--kind", "decoder"))]
    assert kinds == ["cross", "decoder"]
    piped = cli("show", "a b", "--target", "c d e", "--json").out
    ran = cli("check", "--attention", "-", "--where", "max(entropy) <= 0.7", "--json", stdin=piped)
    assert json.loads(ran.out)["kind"] == "cross"


@pytest.mark.parametrize(
    "argv",
    [
        (TEXT, "--where", "any(label == broad)"),
        (TEXT, "--seed", "0", "--pair", "So what", "--where", "L0H0.label == mixed or max(self) > 2"),
        ("a b", "--seed", "0", "--where", "L0H0.same > 0", "--words"),
    ],
)
def test_json_is_valid_against_the_schema(cli, argv):
    schema = json.loads(cli("schema").out)
    ran = cli("check", *argv, "--json")
    assert ran.err == ""
    jsonschema.Draft202012Validator(schema).validate(json.loads(ran.out))


def test_json_of_several_texts_is_an_object_each_and_names_the_place(cli):
    ran = cli("check", "-", "--seed", "0", "--json", "--where", "max(entropy) < 0.1", stdin="a\nb c\n")
    documents = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [(d["where"], d["holds"]) for d in documents] == [
        ("standard input, line 1", True),
        ("standard input, line 2", False),
    ]
    schema = json.loads(cli("schema").out)
    for document in documents:
        jsonschema.Draft202012Validator(schema).validate(document)


ERRORS = [
    (
        ("a", "--where", "L0H1.previus >= 0.8"),
        2,
        [
            f"condition, column 6: unknown name 'previus' (did you mean previous?); expected one of {KNOWN}",
            "L0H1.previus >= 0.8",
            "     ^",
        ],
    ),
    (
        ("a", "--where", "max(entropy) <"),
        2,
        [
            "condition, column 15: it ends too early; expected a metric or a number",
            "max(entropy) <",
            "              ^",
        ],
    ),
    (
        ("a", "--where", "@conditions.txt"),
        2,
        [
            "conditions.txt, line 2: condition, column 1: previous: one value per head; expected L0H0.previous, "
            "max(previous) or any(previous > ...)",
            "previous > 1",
            "^",
        ],
    ),
    (
        ("a", "--seed", "0", "--where", "max(entropy) < 9 and L0H4.first < 1"),
        2,
        [
            "condition, column 22: there is no head 4 here; expected 0, 1, 2, 3",
            "max(entropy) < 9 and L0H4.first < 1",
            "                     ^",
        ],
    ),
    (
        ("--attention", "plain.npy", "--where", "max(same) < 1"),
        2,
        [
            "condition, column 5: there is no same here (it needs labels that name the tokens (--tokens), and these "
            f"only count them); expected one of {WITHOUT_TOKENS}",
            "max(same) < 1",
            "    ^",
        ],
    ),
    (
        ("a", "--where", "max(ablation) < 1"),
        2,
        [
            "condition, column 5: ablation is not measured by check, as it needs one run per head; use another metric, "
            "or heads --ablation",
            "max(ablation) < 1",
            "    ^",
        ],
    ),
    (
        ("a",),
        2,
        [
            "where: no condition is given; expected --where CONDITION",
            'hint: for example: attnviz check "The cat sat on the table" --where "max(entropy) < 2.5"',
        ],
    ),
    (("a", "--where", "@"), 2, ["where: @ names no file; expected a condition, or @FILE with one a line"]),
    (("a", "--where", "@none.txt"), 3, ["none.txt: no such file; expected a text file"]),
    (("a", "--where", "@comments.txt"), 3, ["comments.txt: there are only comments; expected a condition a line"]),
    ((" ", "--where", "max(entropy) < 1"), 3, ["text: empty or blank; expected at least one token"]),
    (
        ("--attention", "mean.json", "--where", "max(entropy) < 1"),
        2,
        ["heads, reduce: these matrices are mean-heads; expected one of each head"],
    ),
]


@pytest.mark.parametrize(
    ("argv", "code", "said"), ERRORS, ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None
)
def test_errors_say_where_and_what(cli, tmp_path, argv, code, said):
    (tmp_path / "conditions.txt").write_text("max(entropy) < 9\nprevious > 1\n")
    (tmp_path / "comments.txt").write_text("# nothing\n")
    np.save(tmp_path / "plain.npy", np.full((1, 1, 2, 2), 0.5, np.float32))
    (tmp_path / "mean.json").write_text(cli("show", "a b", "--seed", "0", "--reduce", "mean-heads", "--json").out)
    first, *rest = said
    assert cli("check", *argv) == (code, "", "".join(f"{line}\n" for line in (f"attnviz: error: {first}", *rest)))


# What is said besides


def test_the_kind_of_attention_and_the_target_are_said_where_they_are_not_the_usual(cli):
    argv = ("check", "a b", "--target", "c d e", "--where", "max(entropy) < 9")
    assert cli(*argv).out.splitlines()[1] == "cross-attention of the target: c d e"
    assert cli(*argv, "--kind", "decoder").out.splitlines()[1] == "decoder self-attention of the target: c d e"
    assert "attention" not in cli("check", "a b", "--where", "max(entropy) < 9").out


# Nobody reads


class Unread(io.TextIOWrapper):
    """A pipe whose reader is gone after so many lines."""

    def __init__(self, lines):
        super().__init__(io.BytesIO(), "utf-8", write_through=True)
        self.left = lines

    def write(self, text):
        self.left -= text.count("\n")
        if self.left < 0:
            raise BrokenPipeError
        return super().write(text)


def judged(monkeypatch, argv, lines):
    """The exit code, where the reader takes so many lines."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Unread(lines))
        code = main(argv)
        sys.stdout.close()
    return code


SWEEP = ["check", "--file", "texts.txt", "--workers", "1", "--seed", "0", "--where"]


@pytest.mark.parametrize("lines", range(11))
@pytest.mark.parametrize(("bound", "code"), [("0.1", 1), ("9", 0)])
def test_a_closed_output_changes_no_verdict(cli, tmp_path, monkeypatch, lines, bound, code):
    (tmp_path / "texts.txt").write_text("a\nb\nc d e\nf\n")
    argv = [*SWEEP, f"max(entropy) < {bound}"]
    assert len(cli(*argv).out.splitlines()) == 10
    assert judged(monkeypatch, argv, lines) == code


def test_where_nobody_reads_every_text_is_judged_up_to_the_first_that_fails(cli, tmp_path, monkeypatch):
    (tmp_path / "texts.txt").write_bytes(b"a b\n" * 40 + b"\xff\n")  # the last is no text
    assert judged(monkeypatch, [*SWEEP, "max(entropy) < 9"], 0) == 3
    assert judged(monkeypatch, [*SWEEP, "max(entropy) < 0.1"], 0) == 1


def test_a_closed_pipe_keeps_the_exit_code_of_a_process():
    argv = [sys.executable, "-m", "attnviz", "check", "a b c", "--seed", "0", "--where", "max(entropy) < 0.1"]
    running = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    assert (running.wait(300), running.stderr.read()) == (1, b"")
    running.stderr.close()
