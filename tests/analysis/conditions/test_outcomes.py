"""What was measured for a condition, in words and as JSON."""

import pytest

from attnviz.analysis.conditions.outcomes import Outcome


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(True, 0.000123456), "0.0001235"),
        (Outcome(True, 1.0), "1"),
        (Outcome(True, 0.123456789, digits=7), "0.1234568"),
        (Outcome(True, "broad"), "broad"),
        (Outcome(True, 1.0, 1), "1 of 1 head"),
        (Outcome(False, 0.0, 144), "0 of 144 heads"),
        (Outcome(False, 2.0, 6, unknown=3), "2 of 6 heads, undefined for 3"),
        (Outcome(False, None), "undefined"),
        (Outcome(True, 0.25, values=(0.25, 0.5)), "0.25 and 0.5"),
        (Outcome(False, 0.25, values=(0.25, None)), "0.25 and undefined"),
        (Outcome(False, parts=(Outcome(True, 0.5), Outcome(False, 0.0, 12))), "0.5; 0 of 12 heads"),
        (Outcome(True, parts=(Outcome(True, 0.5),) * 9), "; ".join(["0.5"] * 9)),
    ],
)
def test_what_was_measured_is_said_in_few_digits(outcome, said):
    assert outcome.words == said


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (Outcome(True, 0.5), {"value": 0.5}),
        (Outcome(False), {"value": None, "undefined": True}),
        (Outcome(True, 2.0, 6, unknown=3), {"value": 2.0, "of": 6, "undefined_heads": 3}),
        (Outcome(True, 0.25, values=(0.25, None)), {"value": 0.25, "values": [0.25, None]}),
        (
            Outcome(True, parts=(Outcome(True, 0.5), Outcome(False))),
            {
                "value": None,
                "parts": [{"holds": True, "value": 0.5}, {"holds": False, "value": None, "undefined": True}],
            },
        ),
    ],
)
def test_json_has_what_there_is(outcome, fields):
    assert outcome.fields == {"holds": outcome.holds, **fields}
