"""``heads`` and ``check`` with ``--per-text``: each text by itself, in the order of the texts."""

import json

import pytest

import attnviz
from attnviz.api.heads import heads_request
from tests.noise import equal_but_for_noise

TEXTS = ("The cat sat on the table", "A dog ran", "the old man sold fish")
STREAM = "".join(f"{text}\n" for text in TEXTS)
ALONE = ("--workers", "1")  # several processes are started from processes of their own: test_sweeping.py


def documents(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


OPTIONS = [
    (),
    ("--where", "entropy > 1", "--sort", "-previous", "--top", "4", "--columns", "previous,entropy"),
    ("-L", "1", "-H", "0,3", "--words", "--hide-special", "--renormalize"),
    ("--ablation", "--sort", "ablation", "-L", "2"),
    ("--null", "2", "--columns", "previous"),
    ("--cluster", "--columns", "entropy"),
    ("--target", "Le chat", "--seed", "3"),
    ("--pair", "So it was", "--pad-to", "21"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_each_object_is_that_of_the_text_alone(cli, options):
    lines = documents(cli("heads", "-", "--per-text", "--json", *options, *ALONE, stdin=STREAM))
    assert [line["text"] for line in lines] == list(TEXTS)
    for number, line in enumerate(lines, start=1):
        assert line.pop("where") == f"standard input, line {number}"
        (alone,) = documents(cli("heads", line["text"], "--json", *options))
        about = {name: line.pop(name) for name in ("text", "pair", "target") if name in line}
        assert about.keys() == {"text", *(name for name in ("pair", "target") if f"--{name}" in options)}
        assert equal_but_for_noise(line, alone)


def test_one_text_has_no_place(cli):
    (line,) = documents(cli("heads", TEXTS[0], "--per-text", "--json"))
    assert line["text"] == TEXTS[0]
    assert (line["texts"], "where" in line) == (1, False)
    assert "spread" not in line["heads"][0]


def test_attention_from_elsewhere_has_one_object_per_line(cli):
    piped = cli("show", "-", "--json", *ALONE, stdin=STREAM).out
    lines = documents(cli("heads", "--attention", "-", "--per-text", "--json", stdin=piped))
    direct = documents(cli("heads", "-", "--per-text", "--json", *ALONE, stdin=STREAM))
    for line, one in zip(lines, direct, strict=True):
        assert line.pop("where").endswith(one.pop("where")[-1])
        assert equal_but_for_noise(line, one)


def test_the_model_is_named_in_short_and_in_full_when_asked_for(cli):
    (short, _, _), full = (
        documents(cli("heads", "-", "--per-text", "--json", "--top", "1", *more, *ALONE, stdin=STREAM))
        for more in ((), ("--model-info",))
    )
    assert short["model"].keys() == {"name", "weights", "n_layers", "n_heads", "d_model"}
    assert all(line["model"]["activation"] == "gelu" for line in full)


def test_a_text_that_cannot_be_used_is_skipped_or_ends_it(cli):
    argv = ("heads", "-", "--per-text", "--json", "--seed", "0", "--n-ctx", "3", *ALONE)
    ran = cli(*argv, "--on-error", "skip", stdin="a b\na b c d\nc\n")
    assert [json.loads(line)["where"] for line in ran.out.splitlines()] == [f"standard input, line {n}" for n in (1, 3)]
    assert "line 2: text: 4 tokens, and n_ctx is 3" in ran.err
    ran = cli(*argv, stdin="a b\na b c d\nc\n")
    assert (ran.code, len(ran.out.splitlines())) == (3, 1)


def test_a_screen_has_one_table_per_text_below_a_line_that_names_it(cli):
    argv = ("--top", "2", "--sort", "previous", "--columns", "previous,entropy", *ALONE)
    lines = cli("heads", "-", "--per-text", *argv, stdin=STREAM).out.splitlines()
    assert [line for line in lines if line.startswith("text ")] == [f"text {n}: {t}" for n, t in enumerate(TEXTS, 1)]
    assert sum(line.startswith("model: ") for line in lines) == 1
    alone = cli("heads", TEXTS[1], *argv).out.splitlines()[1:]
    at = lines.index(f"text 2: {TEXTS[1]}") + 1
    assert lines[at : at + len(alone)] == alone


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--csv",), "per-text, csv: a CSV has one table; expected --per-text --json, or no --per-text"),
        (("--cluster", "-o", "out"), "per-text, out: there is one picture of all texts; expected one of them"),
        (
            ("--agreement",),
            "per_text: agreement compares weights, norms and zeroing of whole layers; expected --agreement without it",
        ),
        (("--sort", "nothing"), "sort: "),
        (("--columns", "nothing"), "columns: "),
        (("--where", "nothing > 1"), "unknown name 'nothing'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_printed(cli, argv, message):
    ran = cli("heads", TEXTS[0], "--per-text", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_measures_of_a_model_are_refused_for_attention_from_elsewhere(cli):
    for argv in (("--ablation",), ("--null", "2")):
        ran = cli("heads", "--attention", "-", "--per-text", *argv, stdin="[[1, 0], [0, 1]]")
        alike = cli("heads", "--attention", "-", *argv, stdin="[[1, 0], [0, 1]]")
        assert (ran.code, ran.err) == (alike.code, alike.err) == (2, ran.err)


def test_the_library_has_a_report_per_text(cli):
    expected = documents(cli("heads", "-", "--per-text", "--json", "-H", "1-2", "--top", "3", *ALONE, stdin=STREAM))
    reports = list(attnviz.heads_per_text(list(TEXTS), request=heads_request(heads="1-2"), top=3))
    assert [one.result.text for one in reports] == list(TEXTS)
    for one, line in zip(reports, expected, strict=True):
        document = json.loads(json.dumps(one.as_dict(), default=list))
        assert equal_but_for_noise(document["heads"], line["heads"])
        assert one.report.metrics.texts == 1


CONDITIONS = ("--that", "max(first) < 0.93", "--that", "any(first > 0)")


def outcomes(cli, *more, stdin=STREAM):
    ran = cli("check", "-", *CONDITIONS, *more, *ALONE, stdin=stdin)
    assert ran.err == ""
    return ran


def test_check_has_one_line_per_text_and_fails_if_one_text_does(cli):
    whole, each = outcomes(cli, "--json"), outcomes(cli, "--per-text")
    holds = [json.loads(line)["holds"] for line in whole.out.splitlines()]
    assert sorted(set(holds)) == [False, True]  # some hold and some do not, or this shows little
    assert whole.code == each.code == 1
    model, *lines, last = each.out.splitlines()
    assert model == "model: tiny, 3 layers x 12 heads"
    marks = ["ok     2 of 2" if held else "FAILS  1 of 2" for held in holds]
    assert lines == [
        f"{m}  standard input, line {n}: {t}" for n, (m, t) in enumerate(zip(marks, TEXTS, strict=True), 1)
    ]
    assert last.startswith(f"{holds.count(False)} of 3 texts fail")


def test_check_prints_the_same_objects_with_and_without_per_text(cli):
    whole, each = outcomes(cli, "--json"), outcomes(cli, "--json", "--per-text")
    assert (each.code, each.out) == (whole.code, whole.out)


def test_check_prints_failing_texts_only_when_quiet(cli):
    lines = outcomes(cli, "--per-text", "-q").out.splitlines()
    assert lines
    assert all(line.startswith("FAILS") for line in lines[:-1])
    assert len(lines) == 3  # the first text holds, and the last line counts
    assert cli("check", TEXTS[0], "--that", "any(first > 0)", "--per-text", "-q").out == ""


def test_check_of_one_text_is_one_line_that_fits(cli):
    ran = cli("check", TEXTS[0], "--that", "any(first > 0)", "--per-text")
    assert (ran.code, ran.out.splitlines()[1:]) == (0, [f"ok     1 of 1  {TEXTS[0]}"])
    for width in (20, 33, 80):
        ran = cli("check", "-", *CONDITIONS, "--per-text", "--width", width, *ALONE, stdin=STREAM)
        assert all(len(line) <= width for line in ran.out.splitlines()[1:])
