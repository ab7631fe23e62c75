"""``diff``: two sides head by head, as tables, JSON and pictures; the exit code is 0 unless a tolerance is given."""

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.analysis.compare import jsd

ONE, OTHER = "The cat sat on the mat.", "The dog sat on the old mat."


def document(ran):
    assert ran.code in (0, 1), ran.err
    return json.loads(ran.out)


def test_two_seeds_have_the_jsd_of_their_matrices(cli):
    found = document(cli("diff", ONE, "--seed", "0", "--vs-seed", "1", "--json"))
    ours, theirs = (attnviz.run(ONE, seed=seed).attention for seed in (0, 1))
    assert len(found["heads"]) == 8
    for row in found["heads"]:
        assert (row["vs_layer"], row["vs_head"]) == (row["layer"], row["head"])
        expected = jsd(ours[row["layer"], row["head"]], theirs[row["layer"], row["head"]])
        assert row["jsd"] == pytest.approx(expected, abs=1e-12)
    for change in found["changes"]:
        place = tuple(change[name] for name in ("layer", "head", "query", "key"))
        assert (np.float32(change["before"]), np.float32(change["after"])) == (ours[place], theirs[place])
    assert (found["a"]["model"]["weights"], found["b"]["model"]["weights"]) == ("seed:0", "seed:1")


def test_the_rest_of_each_side_is_what_its_rows_give_to_keys_that_are_not_compared(cli):
    found = document(cli("diff", ONE, OTHER, "--seed", "0", "--json"))
    for side, (text, name) in enumerate([(ONE, "rest"), (OTHER, "vs_rest")]):
        attention = attnviz.run(text, seed=0).attention
        queries, keys = ([pair[side] for pair in found["aligned"][axis]] for axis in ("queries", "keys"))
        others = np.delete(attention, keys, axis=-1)[:, :, queries].sum(axis=-1).mean(axis=-1)
        for row in found["heads"]:
            assert row[name] == pytest.approx(others[row["layer"], row["head"]], abs=1e-6)


def test_two_texts_are_aligned_and_places_are_given_on_both_sides(cli):
    found = document(cli("diff", ONE, OTHER, "--seed", "0", "--json", "--top", "4"))
    assert found["a"]["tokens"] == ["The", "cat", "sat", "on", "the", "mat", "."]
    assert found["aligned"]["keys"] == [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 6], [6, 7]]
    assert all(row["rest"] == 0 < row["vs_rest"] for row in found["heads"])  # `old` was added
    assert len(found["changes"]) == 4
    for change in found["changes"]:
        assert [change["query"], change["vs_query"]] in found["aligned"]["queries"]
        assert [change["key"], change["vs_key"]] in [*found["aligned"]["keys"], [None, None]]
        assert change["change"] == pytest.approx(change["after"] - change["before"])


def test_the_rest_is_among_the_largest_changes_and_the_largest_is_the_pictures_scale(cli, tmp_path):
    argv = ("diff", ONE, "The old cat sat on the mat.", "--top", "3", "--no-words", "--show-special")
    (largest, *others) = document(cli(*argv, "--json"))["changes"]
    assert (largest["key"], largest["vs_key"]) == (None, None)
    assert any(change["key"] is not None for change in others)
    ran = cli(*argv, "-o", "out")
    (line,) = [line for line in ran.out.splitlines() if line.startswith(f"{largest['change']:+.3f}")]
    assert line.endswith("-> *rest*")
    with Image.open(tmp_path / "out" / "overview.png") as picture:
        assert f"to {abs(largest['change']):.3g}, shared by all heads" in picture.text["Title"]


TIRED, WIDE = "The animal was tired.", "The animal was wide."


def changes_in(out):
    """The lines of the table of changes."""
    return [line for line in out.splitlines() if line[:1] in "+-" and "->" in line]


def test_words_that_were_replaced_one_for_one_are_compared_with_each_other(cli):
    out = cli("diff", TIRED, WIDE, "--top", "99").out
    lines = changes_in(out)
    assert any(line.endswith("-> 4 tired | wide") for line in lines)
    assert any("  4 tired | wide -> " in line for line in lines)
    assert "rest" not in out
    assert "compared:" not in out
    found = document(cli("diff", TIRED, WIDE, "--json"))
    assert [4, 4] in found["aligned"]["keys"]
    assert all(row["rest"] == row["vs_rest"] == 0 for row in found["heads"])


def test_added_words_are_the_rest(cli):
    out = cli("diff", TIRED, "The animal was very tired.", "--top", "99").out
    assert "compared: 7 tokens of A's 7 and B's 8" in out
    assert any(line.endswith("-> *rest*") for line in changes_in(out))
    assert "|" not in out


def test_changes_are_of_whole_words_without_special_tokens_unless_asked_for(cli):
    argv = ("diff", "The cat sat on the mat.", "--layer", "1", "--vs-layer", "2", "--top", "999")
    words, pieces, every = (cli(*argv, *more).out for more in ((), ("--no-words",), ("--show-special",)))
    ends = [line.rpartition("-> ")[2] for line in changes_in(words)]
    assert {"6 mat", "1 The"} <= set(ends)  # the number of the word's first piece
    assert not {"6 ma", "7 t", "0 [CLS]"} & set(ends)
    assert "without special tokens; --show-special lists them too" in words
    assert any(line.endswith("-> 7 t") for line in changes_in(pieces))
    assert any(line.endswith("-> 0 [CLS]") for line in changes_in(every))
    assert "--show-special" not in every
    heads = [out.partition("change")[0] for out in (words, pieces, every)]
    assert heads[0] == heads[1] == heads[2]  # distances are of all tokens


def test_equal_inputs_are_one_line(cli):
    said = "A and B are the same text, model and heads: no weight differs\n"
    assert cli("diff", ONE, ONE).out == said
    assert cli("diff", ONE, "--model", "tiny", "--vs-model", "tiny").out == said
    assert cli("diff", ONE, ONE, "--tolerance", "0").out == f"{said}ok: no jsd exceeds 0\n"
    assert "no weight changed" in cli("diff", ONE, ONE.upper()).out  # of other spelling, all weights are the same


def test_where_only_special_tokens_are_in_both_no_tolerance_holds(cli):
    argv = ("diff", "cat", "dog sat")
    ran = cli(*argv)
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert "compared: 2 tokens of A's 3 and B's 4; rows of added and removed tokens are left out" in said
    assert "only special tokens are in both (rows: [CLS], [SEP]): this says nothing about the words" in said
    ran = cli(*argv, "--tolerance", "1")
    assert ran.code == 1
    assert ran.out.endswith("FAILS: only special tokens are in both\n")
    found = document(cli(*argv, "--tolerance", "1", "--json"))
    assert (found["holds"], found["aligned"]["special_only"]) == (False, True)
    jsonschema.Draft202012Validator(json.loads(cli("schema").out)).validate(found)
    assert (
        "special_only"
        not in document(cli("diff", "cat", "cat", "--vs-layer", "1", "--layer", "0", "--json"))["aligned"]
    )


def test_random_weights_of_the_models_own_shape_are_the_other_side_of_a_seed(cli, tmp_path):
    for more in ((), ("--model", "tiny")):
        found = document(cli("diff", ONE, *more, "--vs-seed", "1", "--json", "--model-info"))
        assert len(found["heads"]) == 36
        ours, theirs = (found[side]["model"] for side in "ab")
        assert (ours["name"], theirs["weights"]) == ("tiny", "seed:1")
        shape = ("n_layers", "n_heads", "d_model", "n_vocab")
        assert [ours[name] for name in shape] == [theirs[name] for name in shape]
        assert found["a"]["tokens"] == found["b"]["tokens"]
    assert cli("weights", "init", "-o", "w.npz", "--n-layers", "3", "--d-model", "20").code == 0
    found = document(cli("diff", ONE, "--weights", "w.npz", "--vs-seed", "0", "--json"))
    assert [row["jsd"] for row in found["heads"]] == [0] * 12
    assert cli("diff", ONE, OTHER, "--vs-seed", "1").out.splitlines()[2].startswith("model: A tiny")


def test_tokens_without_labels_are_compared_by_position_if_they_are_as_many(cli, tmp_path):
    (tmp_path / "a.json").write_text(cli("show", ONE, "--seed", "0", "--json").out)
    (tmp_path / "b.json").write_text(cli("show", ONE, "--seed", "1", "--json").out)
    np.save(tmp_path / "a.npy", attnviz.run(ONE, seed=0).attention)
    np.save(tmp_path / "small.npy", attnviz.run("a b", seed=0).attention)

    def sides(a, b):
        return cli("diff", "--attention", a, "--vs-attention", b, "--json", "-q")

    expected = [row["jsd"] for row in document(sides("a.json", "b.json"))["heads"]]
    assert [row["jsd"] for row in document(sides("a.npy", "b.json"))["heads"]] == pytest.approx(expected)
    assert [row["jsd"] for row in document(sides("b.json", "a.npy"))["heads"]] == pytest.approx(expected)
    for a, b, nameless, sizes in (
        ("a.npy", "small.npy", "A and B", "7 and B has 2"),
        ("small.npy", "a.json", "A", "2 and B has 7"),
        ("a.json", "small.npy", "B", "7 and B has 2"),
    ):
        ran = sides(a, b)
        assert (ran.code, ran.err.splitlines()[0]) == (
            2,
            f"attnviz: error: diff, tokens: A has {sizes} query tokens, and those of {nameless} have no labels; "
            "expected equal numbers, or labels",
        )


def test_the_kind_of_attention_and_the_target_are_said_where_they_are_not_the_usual(cli):
    argv = ("diff", "a b", "a c", "--target", "d e")
    assert "\ncross-attention of the target: d e\n" in cli(*argv).out
    assert [document(cli(*argv, "--json"))[side]["target"] for side in "ab"] == ["d e", "d e"]
    assert "attention" not in cli("diff", "a b", "a c").out


@pytest.mark.parametrize(
    ("flags", "said", "fields"),
    [
        ((), None, set()),
        (("--words",), "tokens merged to words", {"words"}),
        (("--words", "--hide-special"), "tokens merged to words, special tokens hidden", {"words", "hidden"}),
        (
            ("--hide-special", "--renormalize"),
            "special tokens hidden, rows renormalized",
            {"hidden", "renormalized"},
        ),
    ],
)
def test_what_became_of_the_tokens_is_said(cli, flags, said, fields):
    argv = ("diff", "The unbelievable cat sat.", "--layer", "0", "--vs-layer", "1", *flags)
    lines = cli(*argv).out.splitlines()
    assert lines[3] == (said or "")
    sides = [json.loads(cli(*argv, "--json").out)[name] for name in "ab"]
    assert all(fields == side.keys() & {"words", "hidden", "renormalized"} for side in sides)
    rest = "compared: all rows and keys but special tokens; what a row gives to them is"
    assert (rest in lines) == (fields in ({"hidden"}, {"words", "hidden"}))


def test_where_the_sides_differ_in_it_each_is_said(cli, tmp_path):
    for name, more in (("a.json", ()), ("b.json", ("--words",))):
        (tmp_path / name).write_text(cli("show", "The cat sat.", "--json", *more).out)
    out = cli("diff", "--attention", "a.json", "--vs-attention", "b.json").out
    assert "A: all tokens\nB: tokens merged to words\n" in out


def test_of_long_texts_the_part_where_they_differ_is_printed(cli):
    start = "This goes on and on, one word after the other, until it ends in a word that is not the same: the cat "
    out = cli("diff", f"{start}was tired.", f"{start}was wide.").out.splitlines()
    assert out[0].endswith(" the cat was tired.")
    assert out[1].endswith(" the cat was wide.")
    assert all(line[3] == "…" for line in out[:2])


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(("tolerance", "code"), [("0.001", 1), ("1", 0)])
def test_a_closed_pipe_changes_no_verdict(more, tolerance, code):
    argv = ("diff", ONE, "--seed", "0", "--vs-seed", "1", "--tolerance", tolerance, *more)
    running = subprocess.Popen([sys.executable, "-m", "attnviz", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    assert (running.wait(300), running.stderr.read()) == (code, b"")
    running.stderr.close()


def test_a_file_in_place_of_the_folder_is_refused_before_anything_runs(cli, tmp_path):
    (tmp_path / "out").touch()
    for folder in ("out", "out/more"):
        ran = cli("diff", ONE, OTHER, "-o", folder)
        assert ran == (1, "", f"attnviz: error: {folder}: is a file, or is inside one; expected a folder\n")
    empty = "attnviz: error: out: the name is empty; expected FIGURE.pdf, .svg or .png, or a folder\n"
    for command in (("diff", ONE, OTHER), ("heatmap", ONE)):
        assert cli(*command, "-o", "") == (2, "", empty)
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_the_help_lists_both_texts_with_the_input(cli):
    rest = cli("diff", "--help").out.partition("Input:\n")[2]
    assert [line.split()[0] for line in rest.splitlines()[:2]] == ["[A]", "[B]"]


def test_layers_and_heads_are_compared_in_order(cli):
    argv = (
        "diff",
        ONE,
        "--seed",
        "0",
        "--layer",
        "0",
        "--head",
        "1,2",
        "--vs-layer",
        "1",
        "--vs-head",
        "3,0",
        "--json",
    )
    rows = document(cli(*argv))["heads"]
    assert [(r["layer"], r["head"], r["vs_layer"], r["vs_head"]) for r in rows] == [(0, 1, 1, 3), (0, 2, 1, 0)]
    weights = attnviz.run(ONE, seed=0).attention
    assert rows[0]["jsd"] == pytest.approx(jsd(weights[0, 1], weights[1, 3]), abs=1e-12)


def test_files_models_and_standard_input_are_sides_too(cli, tmp_path):
    for seed in "01":
        (tmp_path / f"{seed}.json").write_text(cli("show", ONE, "--seed", seed, "--json").out)
        assert cli("weights", "init", "-o", f"{seed}.npz", "--seed", seed).code == 0

    def distances(*argv, **more):
        return [row["jsd"] for row in document(cli("diff", *argv, "--json", **more))["heads"]]

    expected = distances(ONE, "--seed", "0", "--vs-seed", "1")
    assert distances("--attention", "0.json", "--vs-attention", "1.json") == pytest.approx(expected)
    assert distances(ONE, "--weights", "0.npz", "--vs-weights", "1.npz") == pytest.approx(expected)
    assert distances(ONE, "--weights", "0.npz", "--vs-seed", "1") == pytest.approx(expected)
    assert distances("-", "--seed", "0", "--vs-seed", "1", stdin=ONE) == pytest.approx(expected)
    piped = (tmp_path / "0.json").read_text()
    assert distances("--attention", "-", "--vs-attention", "1.json", stdin=piped) == pytest.approx(expected)
    assert not any(distances(ONE, "--model", "tiny", "--vs-model", "tiny"))


def test_a_variable_does_not_stand_in_the_way_of_the_other_side(cli, monkeypatch):
    expected = cli("diff", ONE, "--seed", "3", "--vs-seed", "1", "--json").out
    monkeypatch.setenv("ATTNVIZ_SEED", "3")
    assert cli("diff", ONE, "--vs-seed", "1", "--json").out == expected


def test_a_tolerance_decides_the_exit_code_and_says_which_heads_exceed_it(cli):
    argv = ("diff", ONE, "--seed", "0", "--vs-seed", "1")
    assert cli(*argv).code == 0
    ran = cli(*argv, "--tolerance", "0.3")
    over = [r for r in document(cli(*argv, "--json"))["heads"] if r["jsd"] > 0.3]
    assert 0 < len(over) < 8
    assert ran.code == 1
    verdict = ran.out[ran.out.index("FAILS") :]
    assert all(f"L{row['layer']}H{row['head']} {row['jsd']:.4g}" in verdict for row in over)
    assert verdict.count("H") == len(over)
    assert cli(*argv, "--tolerance", "1").out.endswith("ok: no jsd exceeds 1\n")
    assert cli("diff", ONE, ONE, "--tolerance", "0").code == 0
    found = document(cli(*argv, "--tolerance", "0.3", "--json"))
    assert (found["tolerance"], found["holds"]) == (0.3, False)


def test_random_weights_are_called_so(cli):
    assert "any pattern is chance" in cli("diff", ONE, "--seed", "0", "--vs-seed", "1").out


def test_pictures_have_a_scale_about_0_and_say_which_colour_is_which(cli, tmp_path):
    ran = cli("diff", ONE, OTHER, "--seed", "0", "-o", "out", "--layer", "0")
    assert (ran.code, ran.err) == (0, "attnviz: note: out: 5 pictures written\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "L00H00.png",
        "L00H01.png",
        "L00H02.png",
        "L00H03.png",
        "overview.png",
    ]
    title = Image.open(tmp_path / "out" / "L00H00.png").text["Title"]
    low, high = title[title.index("scale ") + 6 :].split(",")[0].split(" to ")
    assert low == f"−{high}"
    assert "red: more in B, blue: more in A" in title


@pytest.mark.parametrize(
    "argv",
    [
        (ONE, OTHER, "--seed", "0"),
        (ONE, "--seed", "0", "--vs-seed", "1", "--tolerance", "0.1"),
        (ONE, OTHER, "--target", "a b", "--seed", "0"),
        (ONE, OTHER, "--words", "--hide-special", "--renormalize"),
        (ONE, OTHER, "--hide-special", "--layer", "0", "--vs-layer", "2"),
    ],
)
def test_json_is_valid_against_the_schema(cli, argv):
    schema = json.loads(cli("schema").out)
    jsonschema.Draft202012Validator(schema).validate(document(cli("diff", *argv, "--json")))


ERRORS = [
    (
        (ONE,),
        2,
        "diff: there is nothing to compare with; expected a second text, --vs-seed, --vs-model, --vs-weights, "
        "--vs-layer, --vs-head or --vs-attention",
    ),
    ((ONE, "x y", "--seed", "0"), 2, "diff: no query token of A is in B; expected at least one in both"),
    (
        (ONE, "--layer", "0", "--vs-layer", "1-2"),
        2,
        "diff, layers: A has 1 and B has 2; expected equal numbers\n"
        "hint: --layer and --vs-layer choose those to compare",
    ),
    (
        (ONE, "--attention", "a.json", "--vs-attention", "b.json"),
        2,
        "text, attention: 2 inputs are given; expected one",
    ),
    (
        (ONE, "--vs-seed", "1", "--vs-model", "x"),
        2,
        "vs-model, vs-weights, vs-seed: several are given; expected one of them",
    ),
    ((ONE, "--vs-layer", "7"), 2, "B: layer: there is no layer 7; expected 0-2 (or from the end, -1)"),
    ((ONE, "-"), 2, "diff: standard input can be one side only, A; expected a text or a file as the other"),
    (
        (ONE, "--vs-attention", "b.json"),
        2,
        "vs-attention: there is no attention to compare with; expected --attention too",
    ),
    (
        ("--attention", "a.json", "--vs-seed", "1"),
        2,
        "vs-seed, attention: there is no model to run on --attention; expected one of them",
    ),
    (
        ("--attention", "a.json", "--vs-attention", "b.json"),
        3,
        "a.json: no such file; expected attention as .npy, .npz, .safetensors or JSON",
    ),
    ((ONE, " "), 3, "text: empty or blank; expected at least one token"),
]


@pytest.mark.parametrize(("argv", "code", "said"), ERRORS)
def test_errors_say_what_is_wrong(cli, argv, code, said):
    assert cli("diff", *argv) == (code, "", f"attnviz: error: {said}\n")


def test_two_texts_on_standard_input_are_refused(cli):
    ran = cli("diff", "-", "--vs-layer", "1", stdin="a\nb\n")
    assert (ran.code, ran.err) == (2, "attnviz: error: A: text: there are several; expected one a side\n")


def padded(cli, folder, *seeds, text="the cat sat", n="8"):
    for seed in seeds:
        ran = cli("show", text, "--seed", seed, "--pad-to", n, "--json")
        (folder / f"{seed}.json").write_text(ran.out)


def test_tokens_that_only_fill_the_length_are_not_compared(cli, tmp_path):
    padded(cli, tmp_path, "1", "2")
    found = document(cli("diff", "--attention", "1.json", "--vs-attention", "2.json", "--top", "1000", "--json"))
    plain = document(cli("diff", "the cat sat", "--seed", "1", "--vs-seed", "2", "--top", "1000", "--json"))
    assert [row["jsd"] for row in found["heads"]] == pytest.approx([row["jsd"] for row in plain["heads"]], abs=1e-6)
    assert len(found["changes"]) == len(plain["changes"]) == 8 * 3 * 3
    assert {change[side] for change in found["changes"] for side in ("query", "key")} == {0, 1, 2}
    assert found["a"]["padding"] == [False] * 3 + [True] * 5
    jsonschema.Draft202012Validator(json.loads(cli("schema").out)).validate(found)
    assert "compared:" not in cli("diff", "--attention", "1.json", "--vs-attention", "2.json").out


def rows_of(*alive, n=4):
    """One head, whose rows look at themselves where they are alive."""
    return np.diag(np.isin(np.arange(n), alive)).astype(np.float32)


def test_a_head_that_cannot_be_compared_does_not_meet_a_tolerance(cli, tmp_path):
    np.save(tmp_path / "a.npy", np.stack([rows_of(0, 1, 2, 3)] * 3))
    np.save(tmp_path / "b.npy", np.stack([rows_of(), rows_of(0, 2), rows_of(0, 1, 2, 3)]))
    argv = ("diff", "--attention", "a.npy", "--vs-attention", "b.npy")
    assert cli(*argv).code == 0
    assert "rows that look at anything on one side only are left out of jsd: in 2 heads" in cli(*argv).out
    ran = cli(*argv, "--tolerance", "1")
    assert ran.code == 1
    assert ran.out.endswith(
        "FAILS: there is nothing to compare, no row is in both: L0H0\n"
        "FAILS: rows that look at anything on one side only: L0H1 2\n"
    )
    found = document(cli(*argv, "--tolerance", "1", "--json"))
    assert found["holds"] is False
    assert [row.get("one_sided") for row in found["heads"]] == [4, 2, None]
    jsonschema.Draft202012Validator(json.loads(cli("schema").out)).validate(found)
    assert cli(*argv, "--head", "2", "--tolerance", "0").out.endswith("ok: no jsd exceeds 0\n")
    one_sided = cli(*argv, "--head", "1", "--tolerance", "1", "--json")
    assert (one_sided.code, json.loads(one_sided.out)["holds"]) == (1, False)


def test_a_tolerance_is_a_number(cli):
    ran = cli("diff", ONE, OTHER, "--tolerance", "nan")
    assert ran == (2, "", "attnviz: error: tolerance: nan is not a number; expected one from 0 to 1\n")
