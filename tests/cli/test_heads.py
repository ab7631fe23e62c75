"""``heads``: which rows, in which order, with which numbers; as a table, JSON and CSV; one text and many."""

import csv
import gc
import io
import json
import tracemalloc

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz.analysis.heads.averages import Running
from attnviz.analysis.heads.definitions import METRICS, kind_metrics
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.heads.metrics import head_metrics
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.analysis.telling import telling_scores
from tests.noise import ROUNDING

TEXT = "The cat sat on the cat."
TEXTS = ("The cat sat on the cat.", "A dog.", "the the the old dog and the cat")
FIELDS = {"n_layers": 2, "n_heads": 3, "d_model": 24}
TINY = ("--n-layers", "2", "--n-heads", "3", "--d-model", "24", "--seed", "0")  # seeded weights: six heads


@pytest.fixture
def pattern(tmp_path):
    """Attention of one layer: head 0 looks at the previous token, head 1 everywhere, head 2 at itself."""
    n = 5
    previous = np.eye(n, k=-1)
    previous[0, 0] = 1
    np.save(tmp_path / "heads.npy", np.stack([previous, np.full((n, n), 1 / n), np.eye(n)])[None].astype(np.float32))
    return "heads.npy"


def document(cli, *argv, **more):
    ran = cli("heads", *argv, "--json", **more)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def names(found):
    return [f"L{head['layer']}H{head['head']}" for head in found["heads"]]


def table_rows(out):
    """The table's rows as lists of words."""
    return [line.split() for line in out.splitlines() if line.startswith("L") and line[1].isdigit()]


# One text


def test_json_has_the_metrics_and_the_label_of_every_head(cli):
    found = document(cli, TEXT, *TINY)
    attention = attnviz.run(TEXT, n_layers=2, n_heads=3, d_model=24).views["encoder"]
    expected = head_metrics(attention)
    assert names(found) == [f"L{layer}H{head}" for layer in range(2) for head in range(3)]
    for head in found["heads"]:
        assert list(head) == ["layer", "head", *kind_metrics("encoder"), "label"]
        for name in kind_metrics("encoder"):
            assert head[name] == expected.values[name][head["layer"], head["head"]]
        assert head["label"]["value"] == head[head["label"]["metric"]]
    assert found["model"]["weights"] == "seed:0"
    assert (found["kind"], found["texts"], found["rows"], found["missing"]) == ("encoder", 1, 7, {})


def test_the_bundled_model_has_a_head_that_looks_at_the_previous_token(cli):
    ran = cli("heads", TEXT, "--sort", "previous", "--top", "1", "--width", "120")
    assert ran.out.splitlines()[0] == "model: tiny, 3 layers x 12 heads"
    assert "1 of 36 heads, the largest previous first; means over 9 tokens" in ran.out
    (row,) = table_rows(ran.out)
    assert row[:3] == ["L0H2", "previous", "1.00"]


def test_random_weights_say_that_any_pattern_is_chance(cli):
    assert "any pattern is chance" in cli("heads", TEXT, "--seed", "3").out.splitlines()[0]


def test_a_metric_is_sorted_by_the_largest_first_or_the_smallest(cli):
    for name in kind_metrics("encoder"):
        found = [head[name] for head in document(cli, TEXT, *TINY, "--sort", name)["heads"]]
        assert found == sorted(found, reverse=True)
        assert [head[name] for head in document(cli, TEXT, *TINY, "--sort", f"-{name}")["heads"]] == sorted(found)


def test_undefined_values_come_last_either_way(cli, tmp_path):
    weights = np.stack([np.zeros((3, 3)), np.eye(3), np.full((3, 3), 1 / 3)])[None].astype(np.float32)
    np.save(tmp_path / "a.npy", weights)
    for sort, expected in (("entropy", ["L0H2", "L0H1", "L0H0"]), ("-entropy", ["L0H1", "L0H2", "L0H0"])):
        assert names(document(cli, "--attention", "a.npy", "--sort", sort)) == expected
    assert "L0H0  mixed: no row" in cli("heads", "--attention", "a.npy").out


def test_labels_are_sorted_in_their_order_and_from_its_end(cli, pattern):
    for sort, expected in (("label", ["previous", "self", "broad"]), ("-label", ["broad", "self", "previous"])):
        found = document(cli, "--attention", pattern, "--sort", sort)
        assert [head["label"]["name"] for head in found["heads"]] == expected
        assert expected == sorted(expected, key=LABELS.index, reverse=sort[0] == "-")


def test_where_keeps_the_heads_of_which_it_holds_and_top_the_first_of_them(cli, pattern):
    every = document(cli, TEXT, *TINY)["heads"]
    found = document(cli, TEXT, *TINY, "--where", "entropy > 1.6 and not layer == 0", "--sort", "span", "--top", "2")
    kept = [head for head in every if head["entropy"] > 1.6 and head["layer"] == 1]
    assert len(kept) >= 2
    assert found["heads"] == sorted(kept, key=lambda head: -head["span"])[:2]
    assert names(document(cli, "--attention", pattern, "--where", "label == broad or self == 1")) == ["L0H1", "L0H2"]


def test_where_nothing_fits_the_table_says_so(cli, pattern):
    ran = cli("heads", "--attention", pattern, "--where", "previous > 2")
    assert (ran.code, ran.err) == (0, "")
    assert "none of 3 heads, where previous > 2; means over 5 tokens" in ran.out
    assert document(cli, "--attention", pattern, "--where", "previous > 2")["heads"] == []


def test_columns_are_those_asked_for_in_every_format(cli):
    asked = ("heads", TEXT, *TINY, "--columns", "offset, first,offset")
    found = json.loads(cli(*asked, "--json").out)
    assert all(list(head) == ["layer", "head", "offset", "first", "label"] for head in found["heads"])
    assert cli(*asked, "--csv").out.splitlines()[0].endswith("label_value,offset,first")
    assert cli(*asked).out.splitlines()[4].split() == ["head", "label", "offset", "first"]


def test_all_columns_are_printed_in_blocks_that_fit(cli):
    out = cli("heads", TEXT, *TINY, "--columns", "all").out
    headers = [line.split() for line in out.splitlines() if line.startswith("head  ")]  # a sentence has one space
    assert [name for header in headers for name in header if name not in ("head", "label")] == list(
        kind_metrics("encoder")
    )
    assert len(table_rows(out)) == len(headers) * 6
    assert "Not shown" not in out


def test_columns_of_the_condition_and_of_the_order_are_printed_before_others(cli):
    out = cli("heads", TEXT, *TINY, "--sort", "-span", "--where", "induction < 2").out
    assert {"span", "induction"} <= set(out.splitlines()[4].split())


def test_what_is_not_shown_is_named(cli):
    out = " ".join(cli("heads", TEXT, *TINY).out.split())
    header = next(line for line in cli("heads", TEXT, *TINY).out.splitlines() if line.startswith("head "))
    left = [name for name in kind_metrics("encoder") if name not in header.split()]
    assert f"Not shown: {', '.join(left)} (--columns all, or --columns {left[0]})." in out


def test_layers_and_heads_can_be_selected(cli):
    assert names(document(cli, TEXT, *TINY, "-L", "-1", "-H", "0,2")) == ["L1H0", "L1H2"]


def test_words_are_rows_where_they_are_merged(cli):
    text = "Unbelievably preposterous cats"
    pieces, words = document(cli, text), document(cli, text, "--words")
    assert words["rows"] == 5 < pieces["rows"]
    assert words["words"]
    assert "means over 5 words" in cli("heads", text, "--words").out


def test_without_special_tokens_rows_are_renormalized_or_sums_are_missing(cli):
    found = document(cli, TEXT, "--hide-special")
    assert found["hidden"] == "special"
    assert {"entropy", "special"} <= set(found["missing"])
    found = document(cli, TEXT, "--hide-special", "--renormalize")
    assert (found["renormalized"], list(found["missing"])) == (True, ["special"])
    assert "special tokens left out, rows renormalized" in " ".join(
        cli("heads", TEXT, "--hide-special", "--renormalize").out.split()
    )


def test_cross_attention_lacks_what_needs_queries_that_are_the_keys(cli):
    found = document(cli, TEXT, "--target", "Le chat dort", *TINY)
    assert found["kind"] == "cross"
    assert set(found["missing"]) == {name for name, metric in METRICS.items() if metric.square}
    assert document(cli, TEXT, "--target", "Le chat", "--kind", "decoder", *TINY)["missing"] == {}


def test_cross_attention_has_a_diagonal_of_its_own(cli):
    argv = (TEXT, "--target", "Le chat dort", *TINY)
    rows = document(cli, *argv)["heads"]
    (shown,) = [json.loads(cli("show", *argv, "--json").out)["cross_attention"]]
    n_queries, n_keys = (len(shown[0][0]), len(shown[0][0][0]))
    for row in rows:
        matrix = np.array(shown[row["layer"]][row["head"]])
        nearness = 1 - abs(np.arange(n_queries)[:, None] / (n_queries - 1) - np.arange(n_keys) / (n_keys - 1))
        assert row["diagonal"] == pytest.approx((matrix * nearness).sum(-1).mean(), abs=1e-6)
    out = cli("heads", *argv, "--sort", "diagonal").out
    assert "diagonal" in out.splitlines()[4].split()
    assert [row[0] for row in table_rows(out)] == names(document(cli, *argv, "--sort", "diagonal"))
    assert cli("heads", *argv, "--csv").out.splitlines()[0].endswith(",confidence,diagonal")


def test_attention_of_a_text_to_itself_says_why_it_has_no_diagonal(cli):
    assert "diagonal" not in cli("heads", TEXT, *TINY, "--columns", "all").out
    assert "diagonal" not in cli("heads", TEXT, *TINY, "--csv").out
    why = "it is of cross-attention, from a target to its source"
    found = document(cli, TEXT, *TINY, "--columns", "diagonal")
    assert found["missing"] == {"diagonal": why}
    assert cli("heads", TEXT, *TINY, "--sort", "diagonal").err == (
        f"attnviz: error: sort: there is no diagonal here ({why}); expected another metric\n"
    )
    assert why in " ".join(cli("heads", TEXT, *TINY, "--where", "diagonal > 0.5").err.split())


def test_attention_without_labels_has_the_metrics_that_need_no_tokens(cli, pattern):
    found = document(cli, "--attention", pattern)
    assert {name for name, metric in METRICS.items() if metric.identity} == set(found["missing"])
    assert found["heads"][0]["previous"] == 1
    assert found["heads"][1]["entropy"] == pytest.approx(np.log(5), rel=1e-6)
    assert found["heads"][2]["same"] is None
    out = " ".join(cli("heads", "--attention", pattern).out.split())
    assert "Not available for this input: special, same, induction" in out
    assert "induction (it needs labels that name the tokens (--tokens)" in out
    assert document(cli, "--attention", pattern, "--tokens", "0 1 2 3 4")["missing"] == found["missing"]


def test_vectors_and_own_json_are_inputs_too(cli, tmp_path):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(4, 24)).astype(np.float32))
    assert document(cli, "--vectors", "v.npy", "--n-heads", "3")["rows"] == 4
    piped = cli("show", TEXT, *TINY, "--json").out
    again, direct = document(cli, "--attention", "-", stdin=piped), document(cli, TEXT, *TINY)
    assert again["heads"] == direct["heads"]


def test_the_table_begins_with_the_head_that_show_prints_and_programs_get_heads_in_their_order(cli):
    rows = [row[0] for row in table_rows(cli("heads", TEXT).out)]
    assert sorted(rows, key=lambda name: [int(n) for n in name[1:].split("H")]) == names(document(cli, TEXT))
    assert rows[0] in cli("show", TEXT).out
    assert names(document(cli, TEXT, "--sort", "telling")) == rows
    assert names(document(cli, TEXT, "--sort=-telling")) == rows[::-1]
    assert names(document(cli, TEXT, "--top", "3")) == rows[:3]
    assert [row[0] for row in table_rows(cli("heads", TEXT, "--top", "3").out)] == rows[:3]
    assert [row[0] for row in table_rows(cli("heads", TEXT, "--sort", "label").out)] == names(
        document(cli, TEXT, "--sort", "label")
    )


def test_the_first_line_counts_all_heads_whichever_are_printed(cli):
    labels = [head["label"]["name"] for head in document(cli, TEXT)["heads"]]
    for argv in ((), ("--top", "2"), ("--where", "label == previous")):
        line = cli("heads", TEXT, *argv, "--width", "120").out.splitlines()[1]
        assert line.startswith(f"36 heads: {labels.count('previous')} previous-token, ")
        assert f"{labels.count('broad')} broad" in line
        assert " rest on [CLS]" in line


def test_a_row_has_a_link_between_words_as_an_example(cli):
    (row,) = table_rows(cli("heads", "The animal was too tired.", "-L", "0", "-H", "2").out)
    assert " ".join(row[5:9]) == "animal -> The 100%"
    assert "example" not in cli("heads", TEXT, "--columns", "entropy").out


# Several texts


def test_several_texts_are_one_table_in_which_each_weighs_as_its_rows(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    found = document(cli, "--file", "texts.txt", *TINY)
    runs = [head_metrics(attnviz.run(t, n_layers=2, n_heads=3, d_model=24).views["encoder"]) for t in TEXTS]
    for head in found["heads"]:
        place = head["layer"], head["head"]
        for name in kind_metrics("encoder"):
            rows = np.array([run.counts[name][place] for run in runs])
            values = np.array([run.values[name][place] for run in runs])[rows > 0]
            rows = rows[rows > 0]
            mean = np.average(values, weights=rows)
            assert head[name] == pytest.approx(mean, rel=ROUNDING, abs=ROUNDING)
            spread = np.sqrt(np.average((values - mean) ** 2, weights=rows))
            assert head["spread"][name] == pytest.approx(spread, abs=ROUNDING)
    assert (found["texts"], found["rows"]) == (3, 7 + 3 + 8)
    assert document(cli, *TINY, stdin="\n".join(TEXTS))["heads"] == found["heads"]
    out = cli("heads", "--file", "texts.txt", *TINY).out
    assert "the most telling first; means over 18 tokens of 3 texts, ± the standard" in out
    assert all("±" in " ".join(row) for row in table_rows(out))


def test_examples_are_from_the_first_text_and_the_order_is_of_all_of_them(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("The animal was tired.\nThe cat sat on the table because it was tired.")
    out = cli("heads", "--file", "texts.txt", "--where", "layer == 0 and head == 2").out
    assert "animal -> The 100%" in out
    assert "Examples are from the first text." in out
    reports = [attnviz.heads(text, examples=True) for text in (tmp_path / "texts.txt").read_text().split("\n")]
    sizes = [report.metrics.counts["first"][0, 0] for report in reports]
    texts = [
        attnviz.run(text, words=True, hide_special=True) for text in (tmp_path / "texts.txt").read_text().split("\n")
    ]
    scores = np.average([telling_scores(text.views["encoder"]) for text in texts], axis=0, weights=sizes)
    expected = [f"L{i}H{j}" for i, j in sorted(np.ndindex(3, 12), key=lambda place: -scores[place])]
    assert names(document(cli, "--file", "texts.txt", "--sort", "telling")) == expected


def test_many_texts_take_no_more_memory_than_few():
    metrics = head_metrics(attnviz.run(TEXT, n_layers=2, n_heads=3, d_model=24).views["encoder"])
    running = Running()
    for _ in range(3):
        running.add(metrics)
    tracemalloc.start()
    for _ in range(300):
        running.add(metrics)
    gc.collect()  # Python keeps freed tuples for the next ones
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert running.result().texts == 303
    assert grown < 20_000  # what the last text's arrays take


def test_texts_of_several_models_are_not_averaged(cli):
    piped = "".join(cli("show", TEXT, "--json", "--seed", seed).out for seed in "01")
    ran = cli("heads", "--attention", "-", stdin=piped)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "attnviz: error: heads: text 2 is of another model; expected one model of all\n"


def test_where_and_top_say_how_many_heads_fit(cli):
    fitting = len(document(cli, TEXT, "--where", "entropy > 1")["heads"])
    assert 2 < fitting < 36
    out = cli("heads", TEXT, "--where", "entropy > 1", "--top", "2", "--sort", "span", "--width", "200").out
    assert f"2 of the {fitting} heads where entropy > 1, the largest span first; means" in out


def test_the_last_labels_first_is_said(cli, pattern):
    assert "\nby label; means" in cli("heads", "--attention", pattern, "--sort", "label").out
    assert "\nby label, the last first; means" in cli("heads", "--attention", pattern, "--sort=-label").out


def test_heads_of_one_label_come_strongest_first(cli):
    found = document(cli, TEXT, "--sort", "label")["heads"]
    for name in LABELS:
        values = [head["label"]["share"] for head in found if head["label"]["name"] == name]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("sort", ["same", "-same"])
def test_what_is_undefined_for_every_head_is_no_order(cli, sort):
    ran = cli("heads", "A dog", *TINY, f"--sort={sort}")
    message = "attnviz: error: sort: same is undefined for every head; expected another metric\n"
    assert ran == (2, "", message)


def test_a_label_that_rests_on_one_row_says_so_and_how_many_rows_in_json(cli):
    text = "cat dog cat"
    weights = attnviz.run(text, **FIELDS).views["encoder"]
    found = document(cli, text, *TINY)["heads"]
    counts = metrics_of_parts(iter([weights]))[1].remainder.counts
    for head in found:
        label = head["label"]
        assert label["rows"] == counts[label["metric"]][head["layer"], head["head"]]
    few = [head["label"] for head in found if head["label"]["rows"] <= 2]
    assert few
    assert f", {few[0]['rows']} row" in cli("heads", text, *TINY, "--width", "120").out


def test_bars_are_on_the_scale_of_all_heads_whichever_are_printed(cli):
    def bar(*argv):
        (row,) = (row for row in table_rows(cli("heads", TEXT, *argv, "--columns", "entropy").out) if row[0] == "L0H2")
        return row[3:]

    assert bar("--where", "layer == 0 and head == 2") == bar()


def test_nothing_is_hidden_or_merged_where_no_token_is_known_to_be_special_or_of_a_word(cli, pattern):
    no_special = f"attnviz: note: {pattern}: no token is known to be special; --hide-special changes nothing\n"
    no_word = f"attnviz: note: {pattern}: no token is known to be part of a word; --words changes nothing\n"
    plain = cli("heads", "--attention", pattern)
    assert cli("heads", "--attention", pattern, "--hide-special", "--words") == plain._replace(err=no_special + no_word)
    assert "means over 5 tokens" in plain.out
    argv = ("show", "--attention", pattern, "-H", "1")
    assert cli(*argv, "--hide-special") == cli(*argv)._replace(err=no_special)


def test_distances_between_words_are_in_words(cli):
    out = " ".join(cli("heads", "Unbelievably preposterous cats", "--words", "--columns", "distance").out.split())
    assert "Units: distance in words" in out


# Formats


def test_csv_has_numbers_in_full_and_empty_fields(cli, tmp_path):
    out = cli("heads", "A dog", *TINY, "--csv").out
    assert out.endswith("\r\n")
    assert out.count("\r\n") == out.count("\n") == 7
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    for row, head in zip(rows, document(cli, "A dog", *TINY)["heads"], strict=True):
        assert row["same"] == row["induction"] == ""
        assert row["label"] == head["label"]["name"]
        for name in kind_metrics("encoder"):
            assert (float(row[name]) if row[name] else None) == head[name]
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    several = list(csv.DictReader(io.StringIO(cli("heads", "--file", "texts.txt", *TINY, "--csv").out, newline="")))
    found = document(cli, "--file", "texts.txt", *TINY)["heads"]
    assert [float(row["entropy_spread"]) for row in several] == [head["spread"]["entropy"] for head in found]


def test_what_is_printed_is_valid_against_the_schema(cli, tmp_path, pattern):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    for argv in (
        (TEXT, *TINY),
        (TEXT, "--words", "--hide-special", "--renormalize", "--columns", "self"),
        ("--file", "texts.txt", *TINY),
        ("--attention", pattern, "--where", "self > 2"),
        (TEXT, "--target", "a b", *TINY),
    ):
        schema.validate(document(cli, *argv))
    found = document(cli, TEXT, *TINY)
    found["heads"][0]["surprise"] = 1.0
    assert not schema.is_valid(found)


def test_a_stream_that_carries_only_ascii_gets_only_that(cli, tmp_path):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    ran = cli("heads", "--file", "texts.txt", *TINY, encoding="ascii")
    assert ran.out.isascii()
    assert "+-" in ran.out
    assert "\\" not in ran.out


def test_colour_is_only_where_it_is_wanted(cli):
    assert "\x1b" not in cli("heads", TEXT, *TINY).out
    coloured = cli("heads", TEXT, *TINY, "--color", "always").out
    assert "\x1b[" in coloured


def test_the_help_names_every_metric(cli):
    words = set(" ".join(cli("heads", "--help").out.split()).replace(",", " ").replace(".", " ").split())
    assert set(METRICS) <= words


# Errors

KNOWN = ", ".join(METRICS)
ERRORS = [
    (
        ("--sort", "entrop"),
        f"sort: there is no metric 'entrop'; expected one of {KNOWN}, label, telling",
        "did you mean entropy?",
    ),
    (
        ("--columns", "self,prev"),
        f"columns: there is no metric 'prev'; expected one of {KNOWN}",
        "did you mean previous?",
    ),
    (("--columns", ""), f"columns: there is no metric ''; expected one of {KNOWN}", None),
    (("--json", "--csv"), "json, csv: both are given; expected one of them", None),
    (("--sort", "previous_z"), "sort: previous_z is measured only with --null; expected both", None),
    (("--sort", "-self_z"), "sort: self_z is measured only with --null; expected both", None),
    (("--columns", "self,self_z"), "columns: self_z is measured only with --null; expected both", None),
    (("--where", "self > 0 and next_z > 3"), "where: next_z is measured only with --null; expected both", None),
]


@pytest.mark.parametrize(("argv", "message", "hint"), ERRORS)
def test_wrong_usage_is_one_line(cli, argv, message, hint):
    ran = cli("heads", TEXT, *TINY, *argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"attnviz: error: {message}\n" + (f"hint: {hint}\n" if hint else "")


@pytest.mark.parametrize(
    ("where", "message", "below"),
    [
        (
            "self > 0.5 and previos < 1",
            f"condition, column 16: unknown name 'previos' (did you mean previous?); expected one of {KNOWN}, layer, "
            "head, label",
            "               ^",
        ),
        ("self > L9H0.self", "condition, column 8: there is no layer 9 here; expected 0, 1", " " * 7 + "^"),
        (
            "self > 0 and L0H1.previous > 0.1",
            "condition, column 14: L0H1.previous: one head's value, the same for every row; expected previous, each "
            "head's own",
            " " * 13 + "^",
        ),
        ("", "condition, column 1: nothing is stated; expected a comparison such as previous > 0.5", "^"),
        (
            "self > 0 AND next < 1",
            "condition, column 10: unexpected 'AND'; expected and, in small letters",
            " " * 9 + "^",
        ),
        ("NOT self > 0", "condition, column 1: unexpected 'NOT'; expected not, in small letters", "^"),
        (
            "self > 0 and (next < 1 Or self > 1)",
            "condition, column 24: unexpected 'Or'; expected or, in small letters",
            " " * 23 + "^",
        ),
    ],
)
def test_a_wrong_condition_has_a_caret_under_the_place(cli, where, message, below):
    ran = cli("heads", TEXT, *TINY, "--where", where)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"attnviz: error: {message}\n{where}\n{below}\n"


def test_a_metric_that_is_not_to_be_had_is_no_order(cli, pattern):
    ran = cli("heads", "--attention", pattern, "--sort", "same")
    assert (ran.code, ran.out) == (2, "")
    why = "it needs labels that name the tokens (--tokens), and these only count them"
    assert ran.err == f"attnviz: error: sort: there is no same here ({why}); expected another metric\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--reduce", "mean"), "heads, reduce: these matrices are mean; expected one of each head"),
        (
            ("--values", "scores"),
            "metrics, values: they are shares of attention, and these are scores; expected weights",
        ),
    ],
)
def test_matrices_that_are_no_weights_of_a_head_have_no_metrics(cli, argv, message):
    piped = cli("show", TEXT, *TINY, *argv, "--json").out
    ran = cli("heads", "--attention", "-", stdin=piped)
    assert (ran.code, ran.out, ran.err) == (2, "", f"attnviz: error: {message}\n")
