"""Which pattern a head is called for."""

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.heads.definitions import METRICS
from attnviz.analysis.heads.labels import LABELS, RULES, Label, label
from attnviz.analysis.heads.metrics import head_metrics
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


@pytest.mark.parametrize(
    ("values", "name", "evidence"),
    [
        ({"previous": 0.91, "first": 0.05}, "previous", "previous 0.91"),
        ({"previous": 0.3, "first": 0.68, "special": 0.68}, "previous", "previous 0.30"),  # beside the sink
        ({"previous": 0.29, "first": 0.68, "special": 0.68}, "first", "first 0.68"),
        ({"next": 0.63, "previous": 0.4}, "next", "next 0.63"),
        ({"self": 0.5, "next": 0.5}, "next", "next 0.50"),  # of equal values the first rule's
        ({"same": 0.43, "first": 0.71, "special": 0.73}, "same", "same 0.43"),
        ({"induction": 0.6, "same": 0.31}, "induction", "induction 0.60"),
        ({"first": 1.0, "special": 1.0, "previous": 0.5, "self": 0.33}, "first", "first 1.00"),  # three tokens
        ({"special": 0.9, "first": 0.1, "next": 0.5}, "special", "special 0.90"),
        ({"special": 0.6, "first": 0.2}, "special", "special 0.60"),
        ({"special": 0.82, "first": 0.79}, "first", "first 0.79"),
        ({"entropy_ratio": 1.0, "self": 0.5, "previous": 0.5}, "broad", "entropy_ratio 1.00"),
        ({"entropy_ratio": 0.8, "first": 0.2}, "broad", "entropy_ratio 0.80"),
        ({"entropy_ratio": 0.8, "first": 0.5}, "first", "first 0.50"),
        ({"entropy_ratio": 0.7, "first": 0.2, "next": 0.25}, "mixed", "next 0.25"),
        ({"entropy_ratio": 0.7, "first": 0.49, "special": 0.53}, "special", "special 0.53"),
        ({"entropy_ratio": 0.7, "first": 0.46, "special": 0.58}, "special", "special 0.58"),
        ({"special": 0.95, "first": 0.48, "previous": 0.35}, "special", "special 0.95"),
        ({"special": 0.99, "first": 0.5, "previous": 0.2}, "first", "first 0.50"),
        ({"entropy_ratio": 0.7, "first": 0.4, "special": 0.45}, "mixed", "special 0.45"),
        ({"entropy_ratio": 0.7, "first": 0.4, "special": 0.4}, "mixed", "first 0.40"),
        ({"entropy_ratio": 0.7, "same": nan, "self": 0.1}, "mixed", "self 0.10"),
        ({"entropy_ratio": nan, "self": nan}, "mixed", "no row to judge by"),
    ],
)
def test_a_head_is_called_for_what_it_does_most(values, name, evidence):
    assert label(values) == Label(name, evidence)
    assert label(dict(reversed(values.items()))) == Label(name, evidence)


def test_every_rule_is_about_a_metric_and_every_label_has_a_rule():
    rules = [rule for group in RULES for rule in group]
    assert {rule.metric for rule in rules} <= set(METRICS)
    assert {*(rule.name for rule in rules), "mixed"} == set(LABELS)


def one_head(rows):
    n = len(rows)
    tokens = tuple(Token("t", "t", id=i, special=i in (0, n - 1)) for i in range(n))
    found = head_metrics(Attention(np.array([[rows]]), tokens, tokens, (0,), (0,), ModelInfo("m", "seed:0")))
    return label({name: float(values[0, 0]) for name, values in found.values.items()}).name


@pytest.mark.parametrize("n", [3, 5, 17, 128])
def test_pure_heads_are_called_by_their_name_in_short_texts_too(n):
    previous = np.eye(n, k=-1)
    previous[0, 0] = 1
    following = np.eye(n, k=1)
    following[-1, 0] = 1
    sink, separator = np.zeros((n, n)), np.zeros((n, n))
    sink[:, 0] = separator[:, -1] = 1
    heads = (previous, following, np.eye(n), sink, separator, np.full((n, n), 1 / n))
    assert [one_head(rows) for rows in heads] == ["previous", "next", "self", "first", "special", "broad"]


SHARES = [rule.metric for rule in RULES[1]]


@given(st.fixed_dictionaries({name: st.floats(0, 1) for name in (*SHARES, "entropy_ratio")}))
def test_a_mixed_head_names_its_largest_share_and_special_gives_way_to_nothing_but_a_first_that_is_one(values):
    found = label(values)
    if found.name == "mixed":
        assert found.evidence == f"{found.evidence.split()[0]} {max(values[name] for name in SHARES):.2f}"
        assert max(values["special"], values["first"]) < 0.5
    without = {**values, "first": 0.0}
    if values["first"] < 0.5 and label(without).name == "special":
        assert found.name == "special"
