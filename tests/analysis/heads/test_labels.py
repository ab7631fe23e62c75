"""Which pattern a head is called for, by the attention that does not rest."""

from dataclasses import replace
from itertools import pairwise
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.heads.definitions import METRICS
from attnviz.analysis.heads.labels import LABELS, PATTERN_METRICS, RESTING, RULES, Label, label
from attnviz.analysis.heads.measures import head_labels
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


@pytest.mark.parametrize(
    ("values", "remainder", "name", "metric", "share"),
    [
        ({"first": 0.66, "special": 0.66}, {"previous": 0.98}, "previous", "previous", 0.98),  # beside the sink
        ({"first": 0.66, "special": 0.66}, {"previous": 0.49}, "mixed", "previous", 0.49),
        ({}, {"previous": 0.5}, "previous", "previous", 0.5),
        ({}, {"next": 0.63, "previous": 0.6}, "next", "next", 0.63),
        ({}, {"self": 0.5, "next": 0.5}, "next", "next", 0.5),  # of equal values the first rule's
        ({"first": 0.71, "special": 0.73}, {"same": 0.63}, "same", "same", 0.63),
        ({}, {"induction": 0.6, "same": 0.51}, "induction", "induction", 0.6),
        ({"first": 0.9, "special": 0.97}, {"previous": 1.0}, "first", "first", 0.9),  # hardly a tenth is left
        ({"first": 0.89, "special": 0.97}, {"previous": 1.0}, "special", "special", 0.97),
        ({"first": 0.89, "special": 0.89}, {"previous": 1.0}, "previous", "previous", 1.0),
        ({"first": 0.95}, {"entropy_ratio": 1.0}, "first", "first", 0.95),
        ({}, {"entropy_ratio": 0.95, "self": 0.6, "previous": 0.5}, "broad", "entropy_ratio", 0.95),
        ({}, {"entropy_ratio": 0.94, "self": 0.6, "previous": 0.5}, "self", "self", 0.6),
        ({"first": 0.8}, {"entropy_ratio": 0.75, "next": 0.25}, "broad", "entropy_ratio", 0.75),
        ({}, {"entropy_ratio": 0.74, "next": 0.25, "self": 0.1}, "mixed", "next", 0.25),
        ({}, {"entropy_ratio": 0.74, "next": 0.25, "previous": 0.25}, "mixed", "previous", 0.25),
        ({}, {"entropy_ratio": 0.7, "same": nan, "self": 0.1}, "mixed", "self", 0.1),
    ],
)
def test_a_head_is_called_for_what_it_does_with_the_attention_that_does_not_rest(
    values, remainder, name, metric, share
):
    of = 1.0 if name in ("first", "special") else 0.25
    assert label(values, remainder, 0.25) == Label(name, metric, share, of)
    assert label(values, dict(reversed(remainder.items())), 0.25) == Label(name, metric, share, of)


def test_without_any_row_a_head_is_mixed_and_no_metric_says_so():
    found = label({"first": nan}, {"entropy_ratio": nan, "self": nan}, nan)
    assert (found.name, found.metric) == ("mixed", None)
    assert isnan(found.share)


def test_every_rule_is_about_a_metric_and_every_label_has_a_rule():
    rules = [rule for group in (*RULES, RESTING) for rule in group]
    assert {rule.metric for rule in rules} <= set(METRICS)
    assert {*(rule.name for rule in rules), "mixed"} == set(LABELS)


@given(st.fixed_dictionaries({name: st.floats(0, 1) for name in PATTERN_METRICS}), st.floats(0, 0.9, exclude_max=True))
def test_a_mixed_head_names_its_largest_share(remainder, special):
    found = label({"special": special, "first": special}, remainder, 1 - special)
    assert found.name not in ("first", "special")
    if found.name == "mixed":
        largest = max(value for name, value in remainder.items() if name != "entropy_ratio")
        assert found.share == largest < 0.5


# Of matrices


def of_rows(rows, special=(), masked=None, **more):
    """Attention of one head; the tokens at these places are special, and no two tokens are equal."""
    n = len(rows)
    tokens = tuple(Token("t", f"t{i}", id=i, piece=f"t{i}", special=i in special) for i in range(n))
    masked = None if masked is None else masked[None]
    return Attention(
        np.array([[rows]]), tokens, tokens, (0,), (0,), ModelInfo("m", "seed:0"), **{"masked": masked, **more}
    )


def one_head(attention):
    _, metrics = metrics_of_parts(iter([attention]))
    return head_labels(metrics)[0, 0], metrics.remainder


def previous_rows(n):
    """Each token looks at the one before, the first one at itself."""
    rows = np.eye(n, k=-1)
    rows[0, 0] = 1
    return rows


@pytest.mark.parametrize("n", [5, 17, 128])
def test_pure_heads_are_called_by_their_name_in_short_texts_too(n):
    following = np.eye(n, k=1)
    following[-1, 0] = 1
    sink, separator = np.zeros((n, n)), np.zeros((n, n))
    sink[:, 0] = separator[:, -1] = 1
    heads = (previous_rows(n), following, np.eye(n), sink, separator, np.full((n, n), 1 / n))
    names = [one_head(of_rows(rows, (0, n - 1)))[0].name for rows in heads]
    assert names == ["previous", "next", "self", "first", "special", "broad"]


def test_a_previous_token_head_that_rests_two_thirds_on_cls_is_previous():
    n = 14
    sink = np.zeros((n, n))
    sink[:, 0] = 1
    found, remainder = one_head(of_rows(0.34 * previous_rows(n) + 0.66 * sink, (0, n - 1)))
    assert (found.name, round(found.share, 9)) == ("previous", 1.0)
    # Two rows look at [CLS] alone: its own, and the one of the first word, which has it before.
    assert found.of == pytest.approx(0.34 * (n - 2) / n)
    assert found.of + remainder.places["t0"][0, 0] + remainder.places[f"t{n - 1}"][0, 0] == pytest.approx(1)


def test_shares_are_those_of_loops():
    n, special, rng = 7, (0, 4, 6), np.random.default_rng(3)
    rows = rng.dirichlet(np.full(n, 0.4), n)
    rows[2] = 0.97 * np.eye(n)[0] + 0.03 * np.eye(n)[3]  # too little is left of it
    found, remainder = one_head(of_rows(rows, special))
    text = [i for i in range(n) if i not in special]
    left = [sum(rows[i, j] for j in text) for i in range(n)]
    shares = []
    for before, i in pairwise(text):
        if left[i] >= 0.1:
            shares.append(rows[i, before] / left[i])
    assert remainder.values["previous"][0, 0] == pytest.approx(np.mean(shares), rel=1e-12)
    assert remainder.counts["previous"][0, 0] == len(shares) < len(text) - 1
    assert found.of == remainder.share[0, 0] == pytest.approx(np.mean(left), rel=1e-12)
    for place in special:
        assert remainder.places[f"t{place}"][0, 0] == pytest.approx(np.mean(rows[:, place]), rel=1e-12)


def test_the_first_token_of_a_causal_model_is_one_to_rest_on():
    n = 9
    masked = np.triu(np.ones((n, n), dtype=bool), 1)
    rows = 0.4 * previous_rows(n)
    rows[:, 0] += 0.6
    found, remainder = one_head(of_rows(rows, masked=masked))
    assert (found.name, list(remainder.places)) == ("previous", ["first"])
    assert found.of == pytest.approx(0.4 * (n - 2) / n)


def test_where_no_token_is_known_to_be_special_a_first_token_with_half_of_the_attention_is_one_to_rest_on():
    n = 11
    for sunk, of in ((0.6, 0.4 * (n - 2) / n), (0.2, 1.0)):
        rows = (1 - sunk) * previous_rows(n)
        rows[:, 0] += sunk
        found, _ = one_head(of_rows(rows))
        assert (found.name, round(found.of, 9)) == ("previous", round(of, 9))


def test_of_cross_attention_special_tokens_of_the_source_are_left_out():
    attention = of_rows(np.full((5, 5), 0.2), (0, 4))
    queries = attention.queries[:3]
    crossed = replace(attention, matrices=attention.matrices[:, :, :3], queries=queries, kind="cross")
    found, remainder = one_head(crossed)
    assert (found.name, round(found.of, 9)) == ("broad", 0.6)
    assert "previous" in remainder.missing


def test_of_tokens_that_are_all_special_nothing_says_what_a_head_does():
    found, _ = one_head(of_rows(np.full((2, 2), 0.5), (0, 1)))
    assert (found.name, found.of) == ("special", 1.0)
    found, remainder = one_head(of_rows(np.zeros((2, 2)), (0, 1)))
    assert (found.name, found.metric, bool(isnan(remainder.share[0, 0]))) == ("mixed", None, True)


def test_what_hidden_tokens_got_is_what_rests():
    rows = 0.25 * previous_rows(6)
    hidden = of_rows(rows, hidden=True, rest=np.full((1, 1, 6), 0.75))
    found, remainder = one_head(hidden)
    assert (found.name, found.of) == ("previous", 0.25)
    assert remainder.places["special"][0, 0] == 0.75
