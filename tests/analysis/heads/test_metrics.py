"""What each head does, in numbers, each against a loop written from its definition."""

import re
from collections import defaultdict
from dataclasses import replace
from math import exp, isnan, log, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.heads import metrics as functions
from attnviz.analysis.heads.averages import Running
from attnviz.analysis.heads.definitions import METRICS, Metric, kind_metrics
from attnviz.analysis.heads.metrics import head_metrics
from attnviz.analysis.heads.sums import blocks
from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.analysis.matrices.words import hide_special, merge_words
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.errors import InputError, UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


def tokens(ids, special=(), **more):
    return tuple(
        Token(f"t{i}", f"t{i}", id=i, piece=f"t{i}", special=at in special, **more) for at, i in enumerate(ids)
    )


def attention(matrices, queries, keys=None, masked=None, **more):
    matrices = np.array(matrices)
    layers, heads = (tuple(range(n)) for n in matrices.shape[:2])
    keys = queries if keys is None else keys
    return Attention(matrices, queries, keys, layers, heads, ModelInfo("m", "seed:0"), masked=masked, **more)


def random_weights(rng, shape, masked=None):
    raw = rng.random(shape) ** 3 + 1e-3
    if masked is not None:
        raw = np.where(masked[:, None], 0, raw)
    sums = raw.sum(axis=-1, keepdims=True)
    return raw / np.where(sums > 0, sums, 1)


def reference(weights, masked, ids, special, *, is_cross=False):
    """By metric, the value of one head and how many rows it is the mean of, from its definition in loops.

    A new metric is one more list here: its numbers of the rows that it is a mean of, after the ``continue`` if it needs
    queries that are the keys, before it if it is of cross-attention.
    """
    n_queries, n_keys = len(weights), len(weights[0])
    rows = defaultdict(list)
    for i in range(n_queries):
        if all(masked[i]):
            continue
        row = [float(w) for w in weights[i]]
        entropy = -sum(w * log(w) for w in row if w > 0)
        n_seen = sum(not m for m in masked[i])
        rows["entropy"].append(entropy)
        rows["entropy_ratio"].append(entropy / log(n_seen) if n_seen > 1 else 0.0)
        rows["first"].append(row[0])
        rows["special"].append(sum(w for j, w in enumerate(row) if j in special))
        rows["confidence"].append(max(row))
        if is_cross:
            ways = [abs(i / (n_queries - 1) - j / (n_keys - 1)) for j in range(n_keys)]
            rows["diagonal"].append(sum(w * (1 - way) for w, way in zip(row, ways, strict=True)))
            continue
        rows["distance"].append(sum(w * abs(i - j) for j, w in enumerate(row)))
        rows["offset"].append(sum(w * (j - i) for j, w in enumerate(row)))
        rows["self"].append(row[i])
        if i > 0:
            rows["previous"].append(row[i - 1])
        if i + 1 < n_keys:
            rows["next"].append(row[i + 1])
        equal = [j for j in range(n_keys) if j != i and ids[j] == ids[i]]
        if equal and i not in special:
            rows["same"].append(sum(row[j] for j in equal))
        before = [j for j in equal if j < i]
        if before:
            rows["induction"].append(sum(row[j + 1] for j in before))
    return rows


def mean_of(name, rows):
    """The value of a metric and how many rows it is the mean of, from the lists of ``reference``."""
    if name == "span":
        mean, count = mean_of("entropy", rows)
        return exp(mean) if count else nan, count
    return (sum(rows[name]) / len(rows[name]) if rows[name] else nan), len(rows[name])


def names_in_loops(ids, *, is_cross=False):
    """The metrics whose definition in loops has a number of some row."""
    n = len(ids)
    rows_of = reference([[1 / n] * n] * n, [[False] * n] * n, ids, (), is_cross=is_cross)
    return {"span"} | {name for name, rows in rows_of.items() if rows}


SQUARE = names_in_loops([1, 1, 1]) - names_in_loops([1, 1, 1], is_cross=True)


def check(given, ids, special, within=1e-12):
    metrics = head_metrics(given)
    n_layers, n_heads, n_queries, n_keys = given.matrices.shape
    masked = np.zeros((n_layers, n_queries, n_keys), dtype=bool) if given.masked is None else given.masked
    assert set(metrics.values) == set(kind_metrics(given.kind)) - (SQUARE if given.kind == "cross" else set())
    assert list(metrics.values) == [name for name in METRICS if name in metrics.values]
    for layer in range(n_layers):
        for head in range(n_heads):
            of_head = given.matrices[layer, head]
            expected = reference(of_head, masked[layer], ids, special, is_cross=given.kind == "cross")
            for name, values in metrics.values.items():
                assert values.shape == metrics.counts[name].shape == (n_layers, n_heads)
                assert values.dtype == np.float64
                value, count = mean_of(name, expected)
                assert metrics.counts[name][layer, head] == count, name
                assert values[layer, head] == pytest.approx(value, abs=within, nan_ok=True), name


@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_every_number_is_that_of_its_definition(dtype, within):
    ids, special = [7, 1, 2, 3, 1, 2, 7, 1, 4, 3, 7], {0, 6, 10}
    masked = np.random.default_rng(1).random((2, 11, 11)) < 0.3
    masked[1, 4] = True
    weights = random_weights(np.random.default_rng(0), (2, 3, 11, 11), masked).astype(dtype)
    check(attention(weights, tokens(ids, special), masked=masked), ids, special, within)


def test_a_rectangular_matrix_has_what_needs_no_square_and_says_why_not_the_rest():
    ids, special = [5, 1, 2, 1, 6, 3, 3], {0, 4}
    given = attention(
        random_weights(np.random.default_rng(0), (2, 3, 5, 7)), tokens(range(5)), tokens(ids, special), kind="cross"
    )
    check(given, ids, special)
    assert set(head_metrics(given).missing) == SQUARE
    assert head_metrics(given).missing["self"] == "of one text only, and cross-attention is between two"
    assert head_metrics(replace(given, kind="encoder")).missing["self"] == (
        "it needs queries that are the keys, and there are 5 queries and 7 other keys"
    )


def along(i, n):
    return [1.0 if j == i else 0.0 for j in range(n)]


@pytest.mark.parametrize(
    ("rows", "diagonal"),
    [
        ([along(i, 4) for i in range(4)], 1.0),
        ([along(2 * i, 7) for i in range(4)], 1.0),
        ([along(3 - i, 4) for i in range(4)], 1 - (1 + 1 / 3 + 1 / 3 + 1) / 4),
        ([along(0, 3)] * 2, 0.5),
        ([[0.0, 0.0], [0.0, 1.0]], 1.0),  # a row that sees nothing does not count
    ],
)
def test_a_head_that_follows_the_source_is_on_the_diagonal(rows, diagonal):
    given = attention([[rows]], tokens(range(len(rows))), tokens(range(len(rows[0]))), kind="cross")
    assert head_metrics(given).values["diagonal"][0, 0] == pytest.approx(diagonal, abs=1e-12)


def test_padding_has_no_place_on_the_diagonal():
    padding = (Token("", "[PAD]", id=0, piece="[PAD]", special=True, padding=True),)
    weights = random_weights(np.random.default_rng(0), (2, 3, 4, 5))
    filled = np.zeros((2, 3, 5, 8))
    filled[:, :, :4, 1:6] = weights
    filled[:, :, 4, 1] = 1
    plain = attention(weights, tokens(range(4)), tokens(range(5)), kind="cross")
    padded = attention(
        filled, tokens(range(4)) + padding, padding + tokens(range(5)) + padding * 2, kind="cross",
        masked=np.broadcast_to(~np.isin(np.arange(8), range(1, 6)), (2, 5, 8)),
    )  # fmt: skip
    expected, found = head_metrics(plain), head_metrics(padded)
    np.testing.assert_allclose(found.values["diagonal"], expected.values["diagonal"], atol=1e-12)
    np.testing.assert_array_equal(found.counts["diagonal"], expected.counts["diagonal"])


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (1, 4), (4, 1)])
def test_one_token_on_a_side_has_no_diagonal(n_queries, n_keys):
    weights = random_weights(np.random.default_rng(0), (1, 1, n_queries, n_keys))
    found = head_metrics(attention(weights, tokens(range(n_queries)), tokens(range(n_keys)), kind="cross"))
    assert "diagonal" not in found.values
    assert found.missing["diagonal"] == "it needs two tokens or more in the target and in the source"


def test_attention_of_a_text_to_itself_has_no_diagonal_and_lacks_none():
    found = head_metrics(attention(np.eye(3)[None, None], tokens([1, 2, 1])))
    assert "diagonal" not in {**found.values, **found.missing}
    assert found.reasons["diagonal"] == "it is of cross-attention, from a target to its source"


def test_a_target_as_long_as_its_source_still_is_another_text():
    given = attention(random_weights(np.random.default_rng(0), (1, 1, 3, 3)), tokens([1, 2, 1]), kind="cross")
    assert set(head_metrics(given).missing) == SQUARE


@given(st.data())
@settings(max_examples=60)
def test_whatever_the_tokens_and_masks(data):
    n = data.draw(st.integers(1, 6))
    ids = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    special = set(data.draw(st.lists(st.integers(0, n - 1), max_size=2)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    masked = rng.random((2, n, n)) < data.draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    if data.draw(st.booleans()):
        masked |= np.triu(np.ones((n, n), dtype=bool), 1)
    weights = random_weights(rng, (2, 3, n, n), masked)
    given = attention(weights, tokens(ids, special), masked=masked)
    check(given, ids, special)
    shares = [
        values for name, values in head_metrics(given).values.items() if METRICS[name].unit in ("weight", "ratio")
    ]
    assert all(((values > -1e-12) & (values < 1 + 1e-12) | np.isnan(values)).all() for values in shares)


def one_head(rows, ids, special=(), masked=None, **more):
    masked = None if masked is None else np.array(masked)[None]
    metrics = head_metrics(attention([[rows]], tokens(ids, special), masked=masked, **more))
    return {name: values[0, 0] for name, values in metrics.values.items()}


def test_a_perfect_head_scores_exactly_one():
    n = 5
    previous = np.eye(n, k=-1, dtype=np.float32)
    previous[0, 0] = 1
    assert one_head(previous, range(n))["previous"] == 1
    assert one_head(np.eye(n, dtype=np.float32), range(n))["self"] == 1
    following = np.eye(n, k=1)
    following[-1, 0] = 1
    assert one_head(following, range(n))["next"] == 1
    repeated = [1, 2, 3, 1, 2, 3]
    elsewhere = np.eye(6, k=3) + np.eye(6, k=-3)
    assert one_head(elsewhere, repeated)["same"] == 1
    induction = np.eye(6, k=-2)
    induction[:2, 0] = 1
    assert one_head(induction, repeated)["induction"] == 1


def test_uniform_attention_has_the_entropy_of_its_keys():
    n = 7
    found = one_head(np.full((n, n), 1 / n), range(n), {0, 6})
    assert found["entropy"] == pytest.approx(log(n), abs=1e-12)
    assert (found["entropy_ratio"], found["span"]) == (pytest.approx(1, abs=1e-12), pytest.approx(n, abs=1e-12))
    assert found["offset"] == pytest.approx(0, abs=1e-12)
    assert found["distance"] == pytest.approx((n * n - 1) / (3 * n), abs=1e-12)
    assert found["special"] == pytest.approx(2 / n, abs=1e-12)


def test_a_causal_row_can_reach_only_the_tokens_so_far():
    n = 5
    causal = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
    found = one_head(causal, range(n), masked=np.triu(np.ones((n, n), dtype=bool), 1))
    assert found["entropy_ratio"] == pytest.approx(4 / 5, abs=1e-12)  # the row with one key counts 0
    assert found["entropy"] == pytest.approx(sum(map(log, range(1, n + 1))) / n, abs=1e-12)


def test_one_token_has_neither_neighbours_nor_equals():
    found = one_head([[1.0]], [3])
    assert {name for name, value in found.items() if isnan(value)} == {"previous", "next", "same", "induction"}
    assert [found[name] for name in ("entropy", "entropy_ratio", "span", "self", "first", "confidence")] == [
        0, 0, 1, 1, 1, 1,
    ]  # fmt: skip


def test_rows_that_see_nothing_are_in_no_mean():
    rows = [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    masked = [[False] * 3, [True] * 3, [False] * 3]
    found = one_head(rows, [1, 2, 3], masked=masked)
    assert (found["first"], found["confidence"], found["previous"], found["next"]) == (0.25, 0.75, 0.5, 1.0)
    assert one_head(rows, [1, 2, 3]) == pytest.approx(found | {"entropy_ratio": log(2) / log(3) / 2}, nan_ok=True)
    assert all(isnan(value) for value in one_head(np.zeros((3, 3)), [1, 2, 3], masked=[[True] * 3] * 3).values())


def test_filling_a_text_up_changes_nothing():
    ids, special = [9, 1, 2, 1, 9], {0, 4}
    weights = random_weights(np.random.default_rng(0), (2, 3, 5, 5))
    filled = np.zeros((2, 3, 8, 8))
    filled[..., :5] = random_weights(np.random.default_rng(1), (2, 3, 8, 5))
    filled[..., :5, :5] = weights
    padding = (Token("", "[PAD]", id=0, piece="[PAD]", special=True, padding=True),) * 3
    masked = np.broadcast_to(np.arange(8) >= 5, (2, 8, 8))
    plain = head_metrics(attention(weights, tokens(ids, special)))
    padded = head_metrics(attention(filled, tokens(ids, special) + padding, masked=masked))
    for name in kind_metrics("encoder"):
        np.testing.assert_array_equal(padded.counts[name], plain.counts[name])
        np.testing.assert_allclose(padded.values[name], plain.values[name], atol=1e-12)


def named(names, special=()):
    """Tokens of which only labels are known, as those of attention from elsewhere."""
    return tuple(Token(name, name, piece=name, special=at in special) for at, name in enumerate(names))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.data())
def test_equal_labels_are_equal_tokens(names, data):
    special = data.draw(st.sets(st.sampled_from(range(len(names))), min_size=1))
    n = len(names)
    check(attention(random_weights(np.random.default_rng(0), (2, 3, n, n)), named(names, special)), names, special)


@pytest.mark.parametrize("names", [("0", "1", "2"), ("x0", "x1", "x2"), ("y1", "y3", "y10")])
def test_labels_that_only_count_tokens_do_not_say_which_they_are(names):
    given = attention(random_weights(np.random.default_rng(0), (1, 2, 3, 3)), named(names))
    why = "it needs labels that name the tokens (--tokens), and these only count them"
    assert head_metrics(given).missing == dict.fromkeys(("special", "same", "induction"), why)
    marked = named(names, {0})
    found = head_metrics(replace(given, queries=marked, keys=marked))
    assert set(found.missing) == {"same", "induction"}
    np.testing.assert_allclose(found.values["special"], found.values["first"])


@pytest.mark.parametrize("names", [("x0", "y1", "x2"), ("1", "0", "2"), ("1", "1", "2"), ("x0", "x1", "cat")])
def test_numbers_that_do_not_rise_are_names(names):
    given = attention(random_weights(np.random.default_rng(0), (1, 2, 3, 3)), named(names))
    assert set(head_metrics(given).missing) == {"special"}


def test_without_a_special_label_nothing_says_that_there_is_a_special_token():
    given = attention(random_weights(np.random.default_rng(0), (1, 2, 3, 3)), named("aba"))
    why = "no label is known as that of a special token, such as [CLS]"
    assert head_metrics(given).missing == {"special": why}


def test_merged_words_are_equal_where_their_pieces_are():
    pieces = [("[CLS]", 0, None), ("un", 1, 0), ("do", 2, 0), ("it", 3, 1), ("un", 1, 2), ("do", 2, 2), ("so", 4, 3)]
    given = tuple(
        Token(name, name, id=i, piece=name, word=word, special=word is None, start=at, end=at + 1)
        for at, (name, i, word) in enumerate(pieces)
    )
    words = merge_words(attention(random_weights(np.random.default_rng(0), (2, 3, 7, 7)), given))
    check(words, [0, 1, 2, 1, 3], {0})


def test_without_special_tokens_rows_no_longer_are_whole():
    given = attention(random_weights(np.random.default_rng(0), (2, 3, 5, 5)), tokens([9, 1, 2, 1, 9], {0, 4}))
    found = head_metrics(hide_special(given))
    assert set(found.missing) == {"special"} | {name for name in kind_metrics("encoder") if METRICS[name].whole_rows}
    assert set(found.missing) >= {"entropy", "entropy_ratio", "span", "distance", "offset"}
    assert found.missing["special"] == "special tokens are left out"
    assert found.missing["entropy"] == "without the special tokens rows do not sum to 1; renormalized ones do"
    np.testing.assert_allclose(found.values["first"], given.matrices[:, :, 1:4, 1].mean(axis=-1))
    whole = head_metrics(hide_special(given, renormalize=True))
    assert set(whole.missing) == {"special"}


def test_the_mean_of_heads_is_a_head():
    given = attention(random_weights(np.random.default_rng(0), (2, 3, 5, 5)), tokens([1, 2, 1, 3, 2]))
    check(reduce_attention(given, "mean-heads"), [1, 2, 1, 3, 2], set())
    check(reduce_attention(given, "mean"), [1, 2, 1, 3, 2], set())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"values": "scores"}, "metrics, values: they are shares of attention, and these are scores; expected weights"),
        ({"reduce": "max"}, "metrics, reduce: rows of maxima do not sum to 1; expected none, mean-heads or mean"),
    ],
)
def test_what_is_no_attention_is_refused(more, message):
    with pytest.raises(UsageError) as error:
        head_metrics(attention(np.ones((1, 1, 1, 1)), tokens([1]), **more))
    assert str(error.value) == message


def test_inputs_are_left_as_they_are():
    masked = np.zeros((1, 3, 3), dtype=bool)
    masked[0, 1] = True
    weights = random_weights(np.random.default_rng(0), (1, 2, 3, 3))
    given = attention(weights, tokens([1, 2, 3]), masked=masked)
    head_metrics(given)
    np.testing.assert_array_equal(given.matrices, weights)


def texts(lengths):
    rng = np.random.default_rng(len(lengths))
    return [
        head_metrics(attention(random_weights(rng, (2, 3, n, n)), tokens([i % 3 for i in range(n)]))) for n in lengths
    ]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
@settings(max_examples=50)
def test_many_texts_are_weighted_by_their_rows(lengths):
    many, running = texts(lengths), Running()
    for one in many:
        running.add(one)
    found = running.result()
    assert (found.texts, found.layers, found.heads) == (len(lengths), (0, 1), (0, 1, 2))
    for name in kind_metrics("encoder"):
        for at in np.ndindex(2, 3):
            pairs = [(one.values[name][at], int(one.counts[name][at])) for one in many]
            pairs = [(value, rows) for value, rows in pairs if rows]
            total = sum(rows for _, rows in pairs)
            assert found.counts[name][at] == total
            if not pairs:
                assert all(isnan(getattr(found, f)[name][at]) for f in ("values", "spread", "least", "most"))
                continue
            mean = sum(value * rows for value, rows in pairs) / total
            spread = (sum(rows * (value - mean) ** 2 for value, rows in pairs) / total) ** 0.5
            assert found.values[name][at] == pytest.approx(mean, abs=1e-12)
            assert found.spread[name][at] == pytest.approx(spread, abs=1e-7)
            assert found.least[name][at] == min(value for value, _ in pairs)
            assert found.most[name][at] == max(value for value, _ in pairs)


@given(st.lists(st.lists(st.integers(1, 7), max_size=3), min_size=1, max_size=4).filter(any))
@settings(max_examples=50)
def test_parts_of_the_texts_merge_into_what_all_of_them_give(parts):
    """A part is what a worker sends."""
    rng, whole, merged = np.random.default_rng(len(parts)), Running(), Running()
    for lengths in parts:
        part = Running()
        for n in lengths:
            one = attention(random_weights(rng, (2, 3, n, n)), tokens([i % 3 for i in range(n)]))
            metrics = metrics_of_parts(iter([one]))[1]
            whole.add(metrics)
            part.add(metrics)
        merged.merge(part)
    found, expected = merged.result(), whole.result()
    assert (found.texts, found.missing) == (expected.texts, expected.missing)
    assert found.values.keys() == expected.values.keys() > {"entropy", "previous"}
    for name in found.values:
        for at in ("values", "spread", "least", "most", "counts"):
            np.testing.assert_allclose(getattr(found, at)[name], getattr(expected, at)[name], atol=1e-7)
        np.testing.assert_allclose(found.values[name], expected.values[name], atol=1e-13)
    one, other = found.remainder, expected.remainder
    np.testing.assert_allclose(one.share, other.share, atol=1e-13)
    assert one.missing == other.missing
    for name, values in one.values.items():
        np.testing.assert_array_equal(one.counts[name], other.counts[name])
        np.testing.assert_allclose(values, other.values[name], atol=1e-12)
    for name, place in one.places.items():
        np.testing.assert_allclose(place, other.places[name], atol=1e-12)


def test_a_first_part_keeps_its_digits_and_parts_of_other_heads_are_errors():
    one, merged = Running(), Running()
    for metrics in texts([3, 5]):
        one.add(metrics)
    merged.merge(Running())
    merged.merge(one)
    for name in one.result().values:
        np.testing.assert_array_equal(merged.result().values[name], one.result().values[name])
        np.testing.assert_array_equal(merged.result().spread[name], one.result().spread[name])
    other = Running()
    other.add(head_metrics(attention(np.ones((1, 5, 1, 1)), tokens([1]))))
    with pytest.raises(UsageError, match=r"^metrics: text 3 has other layers and heads \(1x5\)"):
        merged.merge(other)


def test_the_mean_over_texts_is_that_of_all_their_rows():
    running = Running()
    rows = [np.array([[1.0]]), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])]
    for one in rows:
        running.add(head_metrics(attention([[one]], tokens(range(len(one))))))
    assert running.result().values["first"][0, 0] == pytest.approx(1.5 / 4)


def test_a_metric_is_missing_only_where_no_text_has_it():
    known = attention(np.eye(3)[None, None], tokens([1, 2, 1]))
    labels = named(["0", "1", "2"])
    running = Running()
    running.add(head_metrics(replace(known, queries=labels, keys=labels)))
    assert set(running.result().missing) == {"special", "same", "induction"}
    before = running.result().counts["self"][0, 0]
    running.add(head_metrics(known))
    assert not running.result().missing
    assert running.result().counts["same"][0, 0] == 2
    assert (before, running.result().counts["self"][0, 0]) == (3, 6)


def test_texts_of_other_heads_and_no_text_at_all_are_errors():
    running = Running()
    with pytest.raises(InputError, match=r"^metrics: there is no text; expected at least one$"):
        running.result()
    running.add(texts([3])[0])
    with pytest.raises(UsageError) as error:
        running.add(head_metrics(attention(np.ones((1, 5, 1, 1)), tokens([1]))))
    assert str(error.value) == (
        "metrics: text 2 has other layers and heads (1x5); expected those of the texts before (2x3)"
    )
    assert running.result().texts == 1


def test_every_metric_is_defined_in_loops():
    missing = set(METRICS) - names_in_loops([1, 1, 1]) - names_in_loops([1, 1, 1], is_cross=True)
    assert not missing, "add a list with its numbers, written in loops from its definition, to reference() above"


def test_the_table_says_which_metrics_need_queries_that_are_the_keys():
    marked = {name for name, metric in METRICS.items() if metric.square}
    assert marked == SQUARE, "set `square` where the loops need it, and nowhere else"


def test_the_table_says_which_metrics_depend_on_the_tokens():
    weights = random_weights(np.random.default_rng(0), (1, 1, 5, 5))[0, 0].tolist()
    masked = [[False] * 5] * 5
    known, other = reference(weights, masked, [1, 2, 1, 3, 2], {0}), reference(weights, masked, [1, 1, 2, 2, 3], {4})
    marked = {name for name, metric in METRICS.items() if metric.identity}
    assert marked == {name for name in known | other if known[name] != other[name]}, (
        "set `identity` where the loops look at ids or special tokens, and nowhere else"
    )


@pytest.mark.parametrize("name", kind_metrics("encoder"))
def test_only_signed_metrics_are_negative(name):
    weights = random_weights(np.random.default_rng(0), (2, 3, 7, 7), np.triu(np.ones((2, 7, 7), dtype=bool), 1))
    values = head_metrics(attention(weights, tokens([1, 2, 1, 3, 2, 3, 1], {0}))).values[name]
    assert METRICS[name].signed or not (values < 0).any(), "set `signed` where a number can be negative"


def test_a_metric_of_some_rows_is_their_mean_and_rows_that_see_nothing_do_not_count(monkeypatch):
    metric = Metric(
        "reach",
        "The attention that is not the strongest, from the third token on.",
        "mean of 1 − max_j A[i,j] over the rows with two tokens before",
        "weight",
        row_numbers=lambda block: 1 - block.weights.max(axis=-1),
        rows=lambda block: block.positions >= 2,
    )
    monkeypatch.setitem(METRICS, "reach", metric)
    masked = np.zeros((2, 7, 7), dtype=bool)
    masked[1, 3] = True
    weights = random_weights(np.random.default_rng(0), (2, 3, 7, 7), masked)
    found = head_metrics(attention(weights, tokens(range(7)), masked=masked))
    for layer, counted in enumerate(([2, 3, 4, 5, 6], [2, 4, 5, 6])):
        assert found.counts["reach"][layer].tolist() == [len(counted)] * 3
        expected = (1 - weights[layer][:, counted].max(axis=-1)).mean(axis=-1)
        np.testing.assert_allclose(found.values["reach"][layer], expected, atol=1e-12)


def test_the_example_of_the_contributors_page_reads_places_and_tokens(monkeypatch):
    page = Path(functions.__file__).parents[2] / "docs" / "contributing.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    metric = eval(f"({example})", {"Metric": Metric})  # noqa: S307 (of our own page)
    monkeypatch.setitem(METRICS, metric.name, metric)
    padding = (Token("", "[PAD]", id=0, piece="[PAD]", special=True, padding=True),) * 2
    weights = np.zeros((2, 3, 7, 7))
    weights[..., :5] = random_weights(np.random.default_rng(0), (2, 3, 7, 5))
    monkeypatch.setattr(blocks, "_AT_ONCE", 1)  # one row per block
    found = head_metrics(
        attention(weights, tokens(range(5)) + padding, masked=np.broadcast_to(np.arange(7) >= 5, (2, 7, 7)))
    )
    np.testing.assert_allclose(found.values[metric.name], found.values["distance"] / 5, atol=1e-12)


@given(st.integers(1, 40), st.floats(1, 1.0001))
def test_a_ratio_never_exceeds_one_even_where_rounded_rows_sum_to_more(n, excess):
    uniform = np.full((1, 1, n, n), excess / n, dtype=np.float32)
    assert head_metrics(attention(uniform, tokens(range(n)))).values["entropy_ratio"][0, 0] <= 1


def test_two_words_that_share_an_id_by_chance_are_not_equal():
    spelled = [("wdp", 7), ("and", 3), ("wim", 7), ("and", 3)]
    text = tuple(Token(piece, piece, id=i, piece=piece) for piece, i in spelled)
    rows = np.full((1, 1, 4, 4), 0.25)
    found = head_metrics(attention(rows, text))
    assert found.counts["same"][0, 0] == 2  # both "and"
    assert found.counts["induction"][0, 0] == 1
