"""Rows of heads: chosen, ordered, with numbers or None."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.conditions.grammar import parse
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.heads.measures import fitting_heads, head_labels, head_rows, labelled_heads, sorted_heads
from attnviz.analysis.heads.metrics import HeadMetrics

NAN = np.nan
PREVIOUS = np.array([[0.9, 0.1, NAN], [0.9, 0.6, 0.2]])
RATIO = np.array([[0.1, 0.97, NAN], [0.2, 0.5, 0.99]])
METRICS = HeadMetrics(
    values={"entropy_ratio": RATIO, "previous": PREVIOUS},
    counts={"entropy_ratio": np.ones((2, 3), int), "previous": np.ones((2, 3), int)},
    missing={"same": "no tokens"},
    layers=(2, 5),
    heads=(0, 1, 7),
)
ALL = [(i, j) for i in range(2) for j in range(3)]


def test_the_largest_comes_first_equal_ones_in_order_and_undefined_ones_last():
    assert sorted_heads(ALL, PREVIOUS) == [(0, 0), (1, 0), (1, 1), (1, 2), (0, 1), (0, 2)]
    assert sorted_heads(ALL, PREVIOUS, smallest=True) == [(0, 1), (1, 2), (1, 1), (0, 0), (1, 0), (0, 2)]


@given(st.permutations(ALL), st.booleans())
def test_sorting_loses_no_head_and_keeps_equal_ones_as_they_were(places, smallest):
    found = sorted_heads(places, PREVIOUS, smallest=smallest)
    assert sorted(found) == ALL
    equal = [(0, 0), (1, 0)]
    assert [p for p in found if p in equal] == [p for p in places if p in equal]


def test_labels_come_in_their_order_or_from_its_end():
    labels = head_labels(METRICS)
    names = [[one.name for one in row] for row in labels]
    assert names == [["previous", "broad", "mixed"], ["previous", "previous", "broad"]]
    found = [labels[place].name for place in labelled_heads(ALL, labels)]
    assert found == sorted(found, key=LABELS.index)
    assert [labels[place].name for place in labelled_heads(ALL, labels, last=True)] == found[::-1]


def test_of_heads_with_one_label_the_strongest_comes_first_either_way():
    for last in (False, True):
        places = labelled_heads(ALL[::-1], head_labels(METRICS), last=last)
        previous = [PREVIOUS[place] for place in places if place in ((0, 0), (1, 0), (1, 1))]
        assert previous == sorted(previous, reverse=True)


def test_a_condition_keeps_heads_by_metric_number_and_label():
    labels = head_labels(METRICS)

    def kept(text):
        return fitting_heads(METRICS, labels, parse(text, tuple(METRICS.values), LABELS, per_head=True))

    assert fitting_heads(METRICS, labels, None) == ALL
    assert kept("previous > 0.3") == [(0, 0), (1, 0), (1, 1)]
    assert kept("layer == 5 and head == 7") == [(1, 2)]
    assert kept("label == broad") == [(0, 1), (1, 2)]
    assert kept("previous < 9") == [place for place in ALL if place != (0, 2)]


def test_a_row_has_the_layers_and_heads_own_numbers_and_none_for_what_is_undefined():
    rows = head_rows(METRICS, head_labels(METRICS), [(1, 2), (0, 2)], ("same", "previous"), {"previous": PREVIOUS / 2})
    assert rows == [
        {
            "layer": 5,
            "head": 7,
            "same": None,
            "previous": 0.2,
            "label": {
                "name": "broad",
                "metric": "entropy_ratio",
                "value": 0.99,
                "share": 0.99,
                "of": 1.0,
                "rows": 1,
                "rest": {},
            },
            "spread": {"same": None, "previous": 0.1},
        },
        {
            "layer": 2,
            "head": 7,
            "same": None,
            "previous": None,
            "label": {"name": "mixed", "metric": None, "value": None, "share": None, "of": 1.0, "rows": 0, "rest": {}},
            "spread": {"same": None, "previous": None},
        },
    ]
