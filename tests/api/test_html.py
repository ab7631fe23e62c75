"""The page of texts, results and differences: every string that it shows is the one that Python prints of the run."""

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.selection import Request, arrange
from attnviz.analysis.one_word import WordQuestion
from attnviz.api.html import html_pages, page_requests
from attnviz.errors import InputError, UsageError
from attnviz.output.decimals import whole_percent
from attnviz.output.documents.heads import heads_document
from attnviz.output.head_words import label_text
from attnviz.output.page import chunks
from attnviz.sweeps.corpus import Corpus
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Token, token_numbers
from tests.page_reader import Page, PageSet

TEXT = "The unbelievable cat misunderstood the table"
LENIENT = frozenset(("words", "hide_special"))
PLAIN = Request()
CHOICES = list(product((False, True), repeat=2))


def page(*args, **options) -> Page:
    return Page(attnviz.html(*args, **options))


def decimals_of(shown: PageSet) -> tuple[int, ...]:
    return (2,) if shown.fields["codes"].get("steps") == 200 else (2, 3)


def assert_shows(shown: PageSet, attention: Attention, request: Request = PLAIN) -> None:
    """Every number and label of a set, for every choice of words and special tokens, is that of ``arrange``."""
    for words, special in CHOICES:
        asked = replace(request, words=words, hide_special=not special or request.renormalize, lenient=LENIENT)
        expected = arrange(attention, asked)
        for side, tokens in zip(
            shown.shown(words=words, special=special), (expected.queries, expected.keys), strict=True
        ):
            assert [one["labels"] for one in side] == [token.label for token in tokens]
            assert [one["numbers"] for one in side] == token_numbers(tokens)
        matrices = list(expected)
        assert len(matrices) == len(shown.fields["heads"])
        for number, matrix in enumerate(matrices):
            codes, rest = shown.matrix(number, words=words, special=special)
            hidden = ~np.isfinite(matrix.numbers) if matrix.masked is None else matrix.masked
            assert_strings(shown, codes, matrix.numbers, hidden)
            if not special and not request.renormalize:
                assert (rest is None) == (matrix.rest is None)
                if rest is not None:
                    assert_strings(shown, rest, matrix.rest, np.zeros(rest.shape, bool))


def assert_strings(shown: PageSet, codes: np.ndarray, numbers: np.ndarray, hidden: np.ndarray) -> None:
    assert codes.shape == numbers.shape
    values = [None if absent else float(x) for x, absent in zip(numbers.ravel(), hidden.ravel(), strict=True)]
    for decimals in decimals_of(shown):
        assert shown.strings(codes, decimals) == [None if x is None else f"{x:.{decimals}f}" for x in values]
    if shown.fields["percent"]:
        assert shown.percents(codes) == [None if x is None else whole_percent(x) for x in values]


def random_view(seed: int, dtype: type, n: int = 11, m: int = 11, kind: str = "encoder") -> Attention:
    """Rows of random numbers and of ties, some of them masked; tokens that are special, and pieces of words."""
    rng = np.random.default_rng(seed)
    units = rng.choice([16, 1000, 2000, 200, 128], size=(2, 3, n, m))
    ties = np.floor(rng.random((2, 3, n, m)) * units) / units / 4  # so that sums of words stay below 1
    matrices = np.where(rng.random((2, 3, n, m)) < 0.5, ties, rng.random((2, 3, n, m)) / 4).astype(dtype)
    masked = rng.random((2, n, m)) < 0.2 if seed % 2 else None
    if masked is not None:
        matrices = np.where(masked[:, None], 0, matrices)
    model = ModelInfo("made", "sha256:0123456789abcdef", {"n_layers": 2, "n_heads": 3})
    return Attention(matrices, tokens(n), tokens(m), (0, 1), (0, 1, 2), model, kind=kind, masked=masked)


def tokens(n: int) -> tuple[Token, ...]:
    words = [None, 0, 1, 1, 2, 3, 3, 3, 4, None, None, 5, 6][:n]
    return tuple(
        Token(text=f"t{i}", label=f"t{i}", piece=f"t{i}", special=word is None, word=word, start=2 * i, end=2 * i + 2)
        for i, word in enumerate(words)
    )


def result_of(*views: Attention) -> Result:
    return Result("a text", {view.kind: view for view in views}, views[0].model, views[0].keys)


# Numbers


@pytest.mark.parametrize("precision", [2, 3])
def test_every_number_of_a_run_is_on_the_page(precision):
    result = attnviz.run(TEXT)
    assert_shows(page(TEXT, precision=precision).set(), result.views["encoder"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("precision", [2, 3])
def test_every_number_of_random_matrices_is_on_the_page_ties_included(dtype, precision):
    for seed in range(4):
        view = random_view(seed, dtype)
        assert_shows(page(result_of(view), precision=precision).set(), view)


def test_cross_attention_has_a_side_for_each_text():
    view = random_view(3, np.float32, 7, 13, "cross")
    made = page(result_of(view))
    assert [side["name"] for side in made.head["texts"][0]["sides"]] == ["target", "source"]
    assert_shows(made.set("cross-attention weights"), view)


def test_a_run_with_a_target_has_every_kind_and_opens_at_cross_attention():
    model = attnviz.load(seed=0, decoder=True)
    result = attnviz.run("The cat sat on", target="Le chat", model=model)
    made = page("The cat sat on", target="Le chat", model=model)
    names = [one["name"] for one in made.head["texts"][0]["sets"]]
    assert names == ["cross-attention weights", "self-attention weights", "decoder self-attention weights"]
    assert [side["name"] for side in made.head["texts"][0]["sides"]] == ["target", "source"]
    assert made.head["start"]["set"] == 0
    for name, kind in zip(names, ("cross", "encoder", "decoder"), strict=True):
        assert_shows(made.set(name), result.views[kind])
    assert (
        page("The cat", target="Le", model=model, kinds=("decoder",)).head["texts"][0]["sets"][0]["kind"] == "decoder"
    )


def test_masked_numbers_of_a_causal_model_are_none():
    options = {"model": attnviz.load(seed=0, mask="causal")}
    made = page("The cat sat on", **options).set()
    assert_shows(made, attnviz.run("The cat sat on", **options).views["encoder"])
    assert made.strings(made.matrix(0, words=False, special=True)[0][0], 2) == ["1.00", None, None, None]


@pytest.mark.parametrize(
    ("values", "reduce"),
    [
        ("norms", "none"),
        ("scores", "none"),
        ("zeroing", "none"),
        ("weights", "rollout"),
        ("weights", "flow"),
        ("weights", "mean-heads"),
        ("weights", "mean"),
        ("weights", "max"),
        ("norms", "mean"),
    ],
)
def test_other_values_and_reductions_have_the_numbers_of_their_run(values, reduce):
    request = Request(values=values, reduce=reduce)
    raw = attnviz.run(TEXT, values=values).views["encoder"]
    assert_shows(page(TEXT, values=values, reduce=reduce).set(), raw, request)


def test_renormalized_rows_have_no_special_tokens():
    made = page(TEXT, renormalize=True)
    assert sum(made.head["texts"][0]["sides"][0]["tokens"]["special"]) == 0
    assert made.set().fields["rest"] is False
    assert_shows(made.set(), attnviz.run(TEXT).views["encoder"], Request(hide_special=True, renormalize=True))


@pytest.mark.parametrize(
    ("view", "request_of_view"),
    [
        (random_view(1, np.float32, 5, 11), {}),
        (random_view(2, np.float64, 1, 1), {}),
        (attnviz.run(TEXT, pad_to=20).views["encoder"], {}),
        (attnviz.run(TEXT, pad_to=20).views["encoder"], {"reduce": "mean"}),
        (attnviz.run("the cat sat", seed=0, mask="causal", pad_to=5).views["encoder"], {"reduce": "rollout"}),
        (attnviz.run(TEXT, pair="Quickly misunderstood.").views["encoder"], {}),
        (attnviz.run("x", seed=0).views["encoder"], {}),
        (attnviz.run(TEXT).views["encoder"], {"reduce": "rollout", "renormalize": True, "hide_special": True}),
        (attnviz.run(TEXT).views["encoder"], {"reduce": "mean", "renormalize": True, "hide_special": True}),
        (attnviz.run(TEXT, values="zeroing").views["encoder"], {"reduce": "max"}),
        (attnviz.run(TEXT, layers="2,0", heads="3,1").views["encoder"], {"reduce": "mean-heads"}),
        (attnviz.run(TEXT, layers=(2, 1, 0)).views["encoder"], {"reduce": "rollout"}),
    ],
)
def test_every_number_of_a_result_is_on_the_page(view, request_of_view):
    options = {"renormalize": True} if "renormalize" in request_of_view else {}
    made = page(result_of(view), reduce=request_of_view.get("reduce"), **options)
    assert_shows(made.set(), view, Request(**request_of_view))


@pytest.mark.parametrize(("special", "word"), [(True, None), (False, None)])
def test_tokens_of_one_kind_alone_are_all_shown(special, word):
    view = random_view(2, np.float32, 4, 4)
    alike = tuple(replace(token, special=special, word=word) for token in view.queries)
    view = replace(view, queries=alike, keys=alike)
    made = page(result_of(view))
    assert set(made.head["texts"][0]["sides"][0]["tokens"]["special"]) == {0}
    assert made.head["texts"][0]["sides"][0]["words"] is None
    assert_shows(made.set(), view)


def test_a_selection_has_its_heads_and_their_names():
    made = page(TEXT, layers="2", heads="3,8").set()
    assert made.names() == ["L2H3", "L2H8"]
    assert (made.fields["rows"], made.fields["columns"]) == (["2"], ["3", "8"])
    assert_shows(made, attnviz.run(TEXT, layers="2", heads="3,8").views["encoder"])
    named = page(TEXT, heads="L2H8,L1H7").set()
    assert named.names() == ["L2H8", "L1H7"]
    assert (named.fields["rows"], named.fields["columns"]) == (["L2H8", "L1H7"], [""])
    assert [head.get("title") for head in named.fields["heads"]] == [None, None]
    reduced = page(TEXT, reduce="mean-heads").set().fields["heads"]
    assert [head["title"] for head in reduced] == [f"layer {i}, mean of heads 0-11" for i in range(3)]
    assert_shows(named, attnviz.run(TEXT, heads="L2H8,L1H7").views["encoder"])


def test_a_long_text_comes_in_parts_and_has_the_same_page(monkeypatch):
    from attnviz.sweeps import runs

    whole = attnviz.html(TEXT)
    monkeypatch.setattr(runs, "MOST_HELD", 100)
    assert attnviz.html(TEXT) == whole
    assert attnviz.html(TEXT, reduce="none,mean,rollout") == attnviz.html(attnviz.run(TEXT), reduce="none,mean,rollout")


# Sets


def test_lists_of_values_and_reductions_give_a_set_for_each_pair_that_fits():
    made = page(TEXT, values="weights,norms", reduce=["none", "rollout"])
    assert [one["name"] for one in made.head["texts"][0]["sets"]] == ["weights", "rollout", "norms"]
    assert_shows(made.set("norms"), attnviz.run(TEXT, values="norms").views["encoder"])


def test_each_of_the_values_is_run_once(monkeypatch):
    from attnviz.sweeps import runs

    counted = []
    original = runs.run_stack
    monkeypatch.setattr(runs, "run_stack", lambda *args, **more: counted.append(1) or original(*args, **more))
    attnviz.html(TEXT, values="weights,norms", reduce="none,rollout,mean-heads,mean,max")
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("values", "reduce", "message"),
    [
        ("norms", "rollout", "reduce, values: rollout is of weights, not of norms; expected weights"),
        ("norms", "none,flow", "reduce, values: flow is of weights, not of norms; expected weights"),
        ("weights,norms", "rollout", "reduce, values: rollout is of weights, not of norms; expected weights"),
        ("heat", None, "values: 'heat' is not known; expected weights, scores, norms, zeroing"),
        (None, "none,min", "reduce: 'min' is not known; expected none, mean-heads, mean, max, rollout, flow"),
    ],
)
def test_a_name_that_fits_none_of_the_others_is_an_error(values, reduce, message):
    with pytest.raises(UsageError) as caught:
        page_requests(Request(), values, reduce)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attnviz.html(TEXT, precision=4), "precision: 4 is given; expected 2 or 3 decimals"),
        (lambda: attnviz.html(TEXT, layers=9), "layer: there is no layer 9; expected 0-2 (or from the end, -1)"),
        (
            lambda: attnviz.html(attnviz.run(TEXT), values="norms"),
            "values: the file holds weights, not norms (that takes a model); expected weights",
        ),
        (
            lambda: attnviz.html(attnviz.run(TEXT, reduce="mean"), reduce="rollout"),
            "reduce: the file holds a mean, not rollout; expected none",
        ),
        (
            lambda: attnviz.html(TEXT, word=WordQuestion("dog", "from", hide_special=True)),
            "from: no word is 'dog'; expected a word of the text (word:2 is its second occurrence), or a number from 0 "
            "to 15",
        ),
    ],
)
def test_wrong_calls_get_one_line(call, message):
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "options", [{"reduce": "rollout"}, {"values": "norms"}, {"values": "scores"}, {"reduce": "max"}]
)
def test_a_result_has_the_page_of_what_it_holds(options):
    result = attnviz.run(TEXT, **options)
    made = page(result)
    assert len(made.head["texts"][0]["sets"]) == 1
    assert_shows(made.set(), result.views["encoder"], Request(reduce=options.get("reduce", "none")))


def test_a_result_between_words_without_special_tokens_has_only_these():
    result = attnviz.run(TEXT, words=True, hide_special=True)
    made = page(result).set()
    assert made.sides[0]["words"] is None
    view = result.views["encoder"]
    assert made.matrix(0, words=True, special=False)[0].shape == view.matrices[0, 0].shape
    assert made.strings(made._codes(4, words=False)[1], 3) == [f"{x:.3f}" for x in view.rest[0, 4]]


# What heads do


def test_metrics_and_labels_are_those_of_the_table_of_heads():
    report = attnviz.heads(TEXT)
    rows = heads_document(report)["heads"]
    made = page(TEXT)
    fields = made.set().fields
    assert list(fields["metrics"]) == [one["name"] for one in made.head["metrics"]]
    assert set(fields["metrics"]) == set(report.metrics.values)
    for name, metric in report.rows.metrics.items():
        if name in fields["metrics"]:
            decimals = metric.decimals
            values = [row[name] for row in rows]
            expected = [None if x is None else "0" if x == 0 else f"{x:.{decimals}f}" for x in values]
            assert fields["metrics"][name] == expected
            order = fields["order"][name]
            assert sorted(order) == list(range(36))
            ranked = [values[i] for i in order if values[i] is not None]
            assert ranked == sorted(ranked, reverse=True)
    assert fields["labels"] == [row["label"]["name"] for row in rows]
    patterns = [label_text(row["label"]) for row in rows]
    assert [text.split(" · ")[-1] for text in fields["texts"]] == patterns
    relations = attnviz.load().info.labels
    firsts = [relations.short(row["layer"], row["head"]) for row in rows]
    assert [
        text.removesuffix(one).removesuffix(" · ") for text, one in zip(fields["texts"], patterns, strict=True)
    ] == firsts
    assert firsts[32] == "subject -> verb 0.60, +3"


def test_heads_are_ranked_as_the_table_of_heads_ranks_them():
    report = attnviz.heads(TEXT, sort="telling")
    names = [f"L{i}H{j}" for i, j in report.places]
    fields = page(TEXT).set().fields
    assert [fields["heads"][i]["name"] for i in fields["telling"]] == names
    assert page(TEXT, values="norms").set().fields["telling"] is None


# Where it opens


def test_it_opens_at_what_show_prints_first():
    made = page("The animal didn't cross the street because it was too tired.")
    start = made.head["start"]
    labels = made.head["texts"][0]["sides"][0]["tokens"]["labels"]
    assert made.set().names()[start["head"]] == "L2H1"
    assert (labels[start["query"]], labels[start["key"]]) == ("it", "tired")
    assert (start["words"], start["special"], start["side"]) == (True, False, "from")
    assert page(TEXT, layers=1).head["start"]["head"] == 0
    shown = page(TEXT, words=False, hide_special=False).head["start"]
    assert (shown["words"], shown["special"]) == (False, True)


@pytest.mark.parametrize("side", ["from", "to"])
def test_it_opens_at_a_word_in_the_head_that_says_most_of_it(side):
    from attnviz.api.word import word_reports

    question = WordQuestion("misunderstood", side, hide_special=True)
    request = Request(words=True, lenient=LENIENT)
    (report,) = word_reports(TEXT, question, request=request)
    made = page(TEXT, word=question)
    start = made.head["start"]
    assert made.set().names()[start["head"]] == report.word.heads[0].name
    assert start["side"] == side
    assert (start["query"], start["key"]) == (
        (report.word.number, None) if side == "from" else (None, report.word.number)
    )


# Texts


def test_several_texts_are_a_list_and_each_says_where_it_begins():
    texts = ["The cat sat on the table", TEXT]
    made = page(texts)
    assert [one["text"] for one in made.head["texts"]] == texts
    assert [one["where"] for one in made.head["texts"]] == ["text 1", "text 2"]
    for number, text in enumerate(texts):
        assert_shows(made.set(0, number), attnviz.run(text).views["encoder"])
        assert made.head["texts"][number]["start"]["text"] == number
    pages = list(html_pages(texts))
    assert [where for where, _ in pages] == ["text 1", "text 2"]
    assert [Page(one).head["texts"][0]["text"] for _, one in pages] == texts


def test_a_text_that_cannot_be_used_is_skipped_or_an_error():
    notes = []
    made = page(["The cat", " ", "A dog"], on_error="skip", note=notes.append)
    assert [one["text"] for one in made.head["texts"]] == ["The cat", "A dog"]
    assert any("skipped" in note for note in notes)
    with pytest.raises(InputError, match="text 2: text: empty or blank"):
        attnviz.html(["The cat", " "])
    question = WordQuestion("cat", "from", hide_special=True)
    assert len(page(["The cat sat", "A dog"], word=question, on_error="skip").head["texts"]) == 1


def test_a_corpus_without_texts_is_an_error():
    with pytest.raises(InputError, match="html: there is no text; expected at least one"):
        attnviz.html(Corpus(results=lambda _: []))


def test_a_text_says_its_model_its_command_and_its_segments():
    made = page("The cat sat", pair="A dog", command=lambda result: f"attnviz show {result.text!r}")
    (text,) = made.head["texts"]
    assert (text["pair"], text["target"], text["other"], text["where"]) == ("A dog", None, None, "")
    assert (text["model"], text["random"]) == ("tiny (3 layers x 12 heads)", False)
    assert re.fullmatch("sha256:[0-9a-f]{12}", text["digest"])
    assert text["command"] == "attnviz show 'The cat sat'"
    side = text["sides"][0]["tokens"]
    assert side["labels"] == ["[CLS]", "the", "cat", "sat", "[SEP]", "a", "dog", "[SEP]"]
    assert side["segments"] == [0, 0, 0, 0, 0, 1, 1, 1]
    assert side["spaces"] == [0, 0, 1, 1, 0, 0, 1, 0]
    assert side["special"] == [1, 0, 0, 0, 1, 0, 0, 1]
    random = page("The cat", model=attnviz.load(seed=3)).head["texts"][0]
    assert (random["random"], random["digest"]) == (True, "seed:3")


def test_words_have_their_labels_and_their_pieces():
    side = page("The unbelievable cat's").head["texts"][0]["sides"][0]
    assert side["tokens"]["labels"] == ["[CLS]", "the", "un", "bel", "ie", "va", "ble", "cat", "'", "s", "[SEP]"]
    assert side["words"]["labels"] == ["[CLS]", "The", "unbelievable", "cat", "'", "s", "[SEP]"]
    assert side["pieces"] == [[0, 1], [1, 1], [2, 5], [7, 1], [8, 1], [9, 1], [10, 1]]
    assert side["words"]["numbers"] == [0, 1, 2, 7, 8, 9, 10]
    assert side["words"]["spaces"] == [0, 0, 1, 1, 0, 0, 0]
    raw = page("The unbelievable cat", raw_tokens=True).head["texts"][0]["sides"][0]
    assert raw["tokens"]["labels"][2:7] == ["un", "##bel", "##ie", "##va", "##ble"]


# Differences


def test_a_difference_has_the_changes_and_both_sides():
    a, b = attnviz.run("The cat sat on the table"), attnviz.run("The dog sat on the table")
    report = attnviz.diff(a, b)
    made = page(report, precision=3)
    (text,) = made.head["texts"]
    assert [one["name"] for one in text["sets"]] == ["B - A", "A", "B"]
    assert (text["text"], text["other"]) == ("The cat sat on the table", "The dog sat on the table")
    assert "cat | dog" in text["sides"][0]["tokens"]["labels"]
    difference = report.difference
    for name, numbers in (
        ("B - A", difference.after - difference.before),
        ("A", difference.before),
        ("B", difference.after),
    ):
        shown = made.set(name)
        for number, matrix in enumerate(numbers.reshape(-1, *numbers.shape[2:])):
            codes, _ = shown.matrix(number, words=True, special=True)
            assert_strings(shown, codes, matrix, np.zeros(matrix.shape, bool))
    fields = made.set("B - A").fields
    assert (fields["signed"], fields["percent"], fields["scale"][0]) == (True, False, -fields["scale"][1])
    jsd = difference.jsd.ravel()
    assert fields["metrics"] == {"jsd": [f"{one:.3f}" for one in jsd]}
    assert fields["telling"] == fields["order"]["jsd"] == np.argsort(-jsd, kind="stable").tolist()
    assert [one["name"] for one in made.head["metrics"]] == ["jsd"]


def test_a_difference_opens_at_its_largest_change():
    report = attnviz.diff(attnviz.run("The cat sat on the table"), attnviz.run("The dog sat on the table"))
    made = page(report)
    start = made.head["start"]
    codes = [made.set().matrix(i, words=True, special=False)[0] for i in range(36)]
    sizes = np.abs(np.array(codes) - made.set().fields["codes"]["zero"])
    head, query, key = np.unravel_index(sizes.argmax(), sizes.shape)
    queries, keys = made.set().shown(words=True, special=False)
    assert (start["head"], start["query"], start["key"]) == (head, queries[query]["numbers"], keys[key]["numbers"])


def test_pairs_of_other_heads_have_both_their_names():
    first, second = (attnviz.run(TEXT, heads=heads) for heads in ("L2H8,L1H7", "L0H8,L1H7"))
    fields = page(attnviz.diff(first, second)).set().fields
    assert (fields["rows"], fields["columns"]) == (["L2H8 -> L0H8", "L1H7"], [""])
    assert [head["title"] for head in fields["heads"]] == ["B less A, L2H8 -> L0H8", "B less A, L1H7"]


def test_a_difference_of_cross_attention_has_the_target_as_queries():
    model = attnviz.load(seed=0, decoder=True)
    first, second = (attnviz.run("The cat sat", target=target, model=model) for target in ("Le chat", "Le chien"))
    (text,) = page(attnviz.diff(first, second)).head["texts"]
    assert [side["name"] for side in text["sides"]] == ["target", "source"]
    assert text["sides"][0]["tokens"]["labels"] == ["Le", "chat | chien"]
    assert text["target"] == "Le chat"


def test_a_difference_between_tokens_is_there_on_request():
    report = attnviz.diff(attnviz.run(TEXT), attnviz.run(TEXT.replace("cat", "dog")))
    between_tokens = page(report, words=False).head["texts"][0]["sides"][0]
    assert "bel" in between_tokens["tokens"]["labels"]
    assert between_tokens["words"] is None
    assert "unbelievable" in page(report).head["texts"][0]["sides"][0]["tokens"]["labels"]


def test_equal_results_differ_in_nothing():
    result = attnviz.run("The cat sat", seed=0)
    made = page(attnviz.diff(result, result))
    start = made.head["start"]
    assert (start["head"], start["query"]) == (0, None)
    assert set(made.set().strings(made.set().matrix(0, words=True, special=True)[0], 3)) == {"0.000"}


# The same bytes, and not too many


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_input_gives_the_same_bytes_whatever_the_threads(monkeypatch, threads):
    expected = attnviz.html(TEXT, values="weights,norms", reduce="none,rollout")
    monkeypatch.setattr("os.cpu_count", lambda: threads)
    assert attnviz.html(TEXT, values="weights,norms", reduce="none,rollout") == expected


def test_workers_make_the_same_page():
    texts = ["The cat sat", TEXT, "A dog"]
    assert attnviz.html(texts, workers=2) == attnviz.html(texts)


def test_a_page_above_64_mb_is_refused(monkeypatch):
    monkeypatch.setattr(chunks, "MOST_BYTES", 10_000)
    with pytest.raises(UsageError, match=r"^html: the page would have more than 64 MB; expected fewer heads"):
        attnviz.html(TEXT)
    with pytest.raises(UsageError, match=r"^html: the page would have more than 64 MB; expected fewer heads"):
        attnviz.html(["The cat"] * 20, on_error="skip")
    assert attnviz.html(TEXT, layers=1, heads=2)


# A sentence whose tokens are not the same again and again, so that it deflates no better than others.
def wordy(n_words: int) -> str:
    vocabulary = [
        "the",
        "cat",
        "sat",
        "on",
        "table",
        "dog",
        "because",
        "it",
        "was",
        "tired",
        "old",
        "house",
        "ran",
        "away",
        "from",
        "street",
        "animal",
        "water",
        "and",
        "she",
    ]
    return " ".join(np.random.default_rng(1).choice(vocabulary, n_words))


@pytest.mark.parametrize(
    ("n_words", "precision", "megabytes"), [(22, None, 0.2), (126, None, 1.1), (508, 2, 2.5), (508, 3, 8.5)]
)
def test_pages_keep_to_their_budgets(n_words, precision, megabytes):
    model = attnviz.load(seed=0, n_layers=6, n_heads=12, d_model=96, n_ctx=512, score_scale=2.0, tokenizer="word")
    document = attnviz.html(wordy(n_words), model=model, precision=precision)
    assert len(document.encode()) <= megabytes * 1e6


def test_the_head_is_json_in_the_order_of_its_format():
    made = page(TEXT)
    assert list(made.head) == ["format", "version", "texts", "metrics", "chunks", "precision", "start"]
    assert (made.head["format"], made.head["version"]) == ("attnviz-page/1", attnviz.__version__)
    assert json.loads(made.head_text) == made.head
    assert sum(made.head["chunks"]) == len(made.data)
    assert made.head["precision"] == 3
    assert page(["The cat", wordy(140)]).head["precision"] == 2
