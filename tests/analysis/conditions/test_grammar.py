"""Conditions on heads: what they say of a table, and the line, with its column, that whatever is none gets."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.conditions.grammar import MAX_DEPTH, MAX_LENGTH, caret, parse
from attnviz.analysis.conditions.outcomes import Outcome
from attnviz.analysis.heads.table import HeadTable
from attnviz.errors import UsageError

NAN = math.nan
NAMES = ("entropy", "self", "previous", "special", "same")
PATTERNS = ("previous", "same", "broad")
LAYERS, HEADS = (2, 5), (0, 1, 7)  # some of a model's
TABLE = HeadTable(
    {
        "entropy": np.array([[0.5, 1.0, 2.0], [2.5, 0.25, 1.5]]),
        "self": np.zeros((2, 3)),
        "previous": np.array([[0.1, 0.95, 0.5], [0.9, 0.3, 0.2]]),
        "special": np.array([[NAN, 0.5, 0.7], [NAN, NAN, NAN]]),
    },
    LAYERS,
    HEADS,
    np.array([["", "previous", "broad"], ["previous", "broad", ""]]),
    {"same": "the tokens are not known"},
)


def where(text, table=TABLE):
    held = parse(text, NAMES, PATTERNS, per_head=True).holds(table)
    assert held.dtype == bool
    return held.astype(int).tolist()


def check(text, table=TABLE):
    return parse(text, NAMES, PATTERNS).outcome(table)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("previous > 0.5", [[0, 1, 0], [1, 0, 0]]),
        ("previous>.5 and entropy<2e0", [[0, 1, 0], [0, 0, 0]]),
        ("0.2 < previous <= .5", [[0, 0, 1], [0, 1, 0]]),
        ("0.2<previous!=0.5", [[0, 1, 0], [1, 1, 0]]),
        ("not previous > 0.5", [[1, 0, 1], [0, 1, 1]]),
        ("not not previous > 0.5", [[0, 1, 0], [1, 0, 0]]),
        ("layer == 5 or head == 7", [[0, 0, 1], [1, 1, 1]]),
        ("layer == 5 or head == 7 and entropy < 2", [[0, 0, 0], [1, 1, 1]]),
        ("(layer == 5 or head == 7) and entropy < 2", [[0, 0, 0], [0, 1, 1]]),
        ("entropy > -1 and entropy >= +1.5e+0", [[0, 0, 1], [1, 0, 1]]),
        ("previous > entropy", [[0, 0, 0], [0, 1, 0]]),
        ("label == previous", [[0, 1, 0], [1, 0, 0]]),
        ('label == "broad"', [[0, 0, 1], [0, 1, 0]]),
        ("label != 'broad'", [[0, 1, 0], [1, 0, 0]]),
        ("previous == max(previous)", [[0, 1, 0], [0, 0, 0]]),
        ("previous > mean(L5.previous)", [[0, 1, 1], [1, 0, 0]]),
        ("previous >= L5H0.previous", [[0, 1, 0], [1, 0, 0]]),
        ("any(L2.entropy > 1.9) and entropy > 1.9", [[0, 0, 1], [1, 0, 0]]),
        ("max(entropy) < 1", [[0, 0, 0], [0, 0, 0]]),
        ("special > 0.6", [[0, 0, 1], [0, 0, 0]]),
        ("special != 0.7", [[0, 1, 0], [0, 0, 0]]),
        ("not special < 0.6", [[1, 0, 1], [1, 1, 1]]),
        ("0 < special < 1", [[0, 1, 1], [0, 0, 0]]),
        ("\n previous\t>\r\n0.5 ", [[0, 1, 0], [1, 0, 0]]),
    ],
)
def test_a_condition_of_each_head_holds_where_it_says(text, held):
    assert where(text) == held


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("L2H1.previous >= 0.8", Outcome(True, 0.95)),
        ("L5H7.previous >= 0.8", Outcome(False, 0.2)),
        ("L-1H-1.previous >= 0.8", Outcome(False, 0.2)),
        ("(L2H1.previous >= 0.8)", Outcome(True, 0.95)),
        ("max(entropy) < 2.5", Outcome(False, 2.5)),
        ("min(entropy) < 2.5", Outcome(True, 0.25)),
        ("mean(L5.entropy) < 2", Outcome(True, 4.25 / 3)),
        ("2.4 < max(entropy) < 3", Outcome(True, 2.5)),
        ("max(L2.entropy) < max(L5.entropy)", Outcome(True, 2.0)),
        ("max(special) == 0.7", Outcome(True, 0.7)),
        ("mean(special) == 0.6", Outcome(True, 0.6)),
        ("max(L5.special) < 1", Outcome(False, None)),
        ("L5H0.special != 1", Outcome(False, None)),
        ("any(previous > 0.9)", Outcome(True, 1, 6)),
        ("all(entropy < 2.5)", Outcome(False, 5, 6)),
        ("all(entropy < 3)", Outcome(True, 6, 6)),
        ("any(L5.previous > 0.5)", Outcome(True, 1, 3)),
        ("any(L2.previous > 0.4 and entropy > 1)", Outcome(True, 1, 3)),
        ("any(previous > 0.4 and L-4.entropy > 1)", Outcome(True, 1, 3)),
        ("any(previous > mean(previous))", Outcome(True, 3, 6)),
        ("any(any(previous > 2) or previous == 0.5)", Outcome(True, 1, 6)),
        ("all(special > 0)", Outcome(False, 2, 6)),
        ("any(label == previous)", Outcome(True, 2, 6)),
        ("all(L2.label != broad)", Outcome(False, 1, 3)),
        ("L2H1.label == previous", Outcome(True, "previous")),
        ("L2H0.label != previous", Outcome(False, None)),
        ("not any(previous > 0.9)", Outcome(False, None)),
        ("max(entropy) < 3 and min(entropy) > 0", Outcome(True, None)),
        ("max(entropy) < 1 or min(entropy) > 1", Outcome(False, None)),
        ("max(layer) == 5 and L5H7.head == 7", Outcome(True, None)),
    ],
)
def test_a_condition_of_a_run_has_an_outcome_with_the_number_that_decided_it(text, outcome):
    found = check(text)
    assert (found.holds, found.of) == (outcome.holds, outcome.of)
    assert found.value == pytest.approx(outcome.value, abs=1e-15)
    assert isinstance(found.holds, bool)


A_NAME = "expected one of entropy, self, previous, special, same, layer, head, label"
CONDITIONS = "expected names, numbers, comparisons, and, or, not, parentheses"
SIGN = "expected a comparison (< <= > >= == !=)"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "nothing is stated; expected a comparison such as L0H1.previous > 0.5"),
        (" \n ", 1, "nothing is stated; expected a comparison such as L0H1.previous > 0.5"),
        ("max(entropy)", 13, f"it ends too early; {SIGN}"),
        ("max(entropy) <", 15, "it ends too early; expected a metric or a number"),
        ("max(entropy) < < 2", 16, "unexpected '<'; expected a metric or a number"),
        ("max(entropy) < 2 <", 19, "it ends too early; expected a metric or a number"),
        ("max(entropy) < 2 and", 21, "it ends too early; expected a metric or a number"),
        ("max(entropy) < 2 max", 18, "unexpected 'max'; expected and, or, or the end"),
        ("and max(entropy) < 2", 1, "unexpected 'and'; expected a metric or a number"),
        ("(max(entropy) < 2", 18, "it ends too early; expected the ) of column 1"),
        ("max(entropy) < 2)", 17, "unexpected ')'; expected and, or, or the end"),
        ("max(entropy < 2", 13, "unexpected '<'; expected the ) of column 4"),
        ("max entropy < 2", 5, "unexpected 'entropy'; expected ( after max"),
        ("()", 2, "unexpected ')'; expected a metric or a number"),
        ("(max(entropy)) < 2", 14, f"unexpected ')'; {SIGN}"),
        ("any(previous)", 13, f"unexpected ')'; {SIGN}"),
        ("max(entropy) < 1e999", 16, "'1e999' is too large; expected a finite number"),
        ("max(entropy) < 0.5x", 16, "'0.5x' is not a number; expected one such as 0.5"),
        ("max(entropy) < 1.2.3", 16, "'1.2.3' is not a number; expected one such as 0.5"),
        ("max(entropy) < --1", 16, f"unexpected '-'; {CONDITIONS}"),
        ("max(entropy) < 1_0", 16, "'1_0' is not a number; expected one such as 0.5"),
        ("max(entropy) < ١", 16, "'١' is not a number; expected one such as 0.5"),
        ("max(entropy) < nan", 16, f"unknown name 'nan'; {A_NAME}"),
        ("max(entropy) = 2", 14, "unexpected '='; expected =="),
        ("max(entropy) ≤ 2", 14, "unexpected '≤'; expected <="),
        ("max(entropy) < 2 && 1", 18, "unexpected '&&'; expected and"),
        ("max(entropy) * 2 < 3", 14, f"unexpected '*'; {CONDITIONS}"),
        ("max(entropy) -1 < 3", 14, f"unexpected '-1'; {SIGN}"),
        ("max(entropy) < 2\0", 17, f"unexpected '\\x00'; {CONDITIONS}"),
        ("max(entropy) < \ud800", 16, f"unexpected '\\ud800'; {CONDITIONS}"),
        ("1 < 2", 1, "numbers only, which nothing can change; expected a metric among them"),
        ("max(previos) > 0", 5, f"unknown name 'previos' (did you mean previous?); {A_NAME}"),
        ("__import__('os').x > 0", 1, f"unknown name '__import__'; {A_NAME}"),
        ("日本 > 0", 1, f"unknown name '日本'; {A_NAME}"),
        ("max(" + "x" * 99 + ") > 0", 5, f"unknown name '{'x' * 30}…'; {A_NAME}"),
        ("L0H1 > 0", 6, "unexpected '>'; expected . and a metric's name after 'L0H1'"),
        ("L0H1.previos > 0", 6, f"unknown name 'previos' (did you mean previous?); {A_NAME}"),
        ("L0H1.0.5 > 0", 6, "unexpected '0.5'; expected the name of a metric"),
        ("L0H1.(previous > 0)", 6, "unexpected '('; expected the name of a metric"),
        ("L2.any(previous > 0.5)", 1, "a layer before any; expected it inside: any(L2.name > ...)"),
        ("L2.max(previous) > 0.5", 1, "a layer before max; expected it inside: max(L2.name)"),
        ("max(0.5) > 0", 5, "unexpected '0.5'; expected a metric or a number"),
        ("max(L2H1.entropy) > 0", 5, "L2H1.entropy: one number already; expected max(L0.entropy)"),
        ("max(label) > 0", 5, "label: no number; expected max of a metric"),
        ("any(L2H1.previous > 0)", 1, "any: nothing in it has one value per head; expected a metric's name"),
        ("any(L2.previous > 0 and L5.same > 0)", 25, "L5.same: any has L2.previous too; expected one layer"),
        (
            "max(entropy) < 1 and entropy < 1",
            22,
            "entropy: one value per head; expected L0H0.entropy, max(entropy) or any(entropy > ...)",
        ),
        (
            "L2.entropy < 1",
            1,
            "L2.entropy: one value per head; expected L2H0.entropy, max(L2.entropy) or any(L2.entropy > ...)",
        ),
        (
            "L" + "9" * 99 + ".entropy < 1",
            1,
            "{0}.entropy: one value per head; "
            "expected {0}H0.entropy, max({0}.entropy) or any({0}.entropy > ...)".format("L" + "9" * 20 + "…"),
        ),
        ("label == broad", 1, "label: one label per head; expected L0H0.label, or any(label == ...)"),
        (
            "any(label == braod)",
            14,
            "unknown label 'braod' (did you mean broad?); expected one of previous, same, broad",
        ),
        ("any(label == 'x\x1b')", 14, "unknown label 'x\\x1b'; expected one of previous, same, broad"),
        ("any(label > broad)", 11, "unexpected '>'; expected == or != and a label"),
        ("any(label == 3)", 14, "unexpected '3'; expected a label"),
        ("any(previous == label)", 17, "a label on the right; expected label == pattern"),
        ("any(label == 'broad)", 14, "the quote ' is not closed; expected another '"),
    ],
)
def test_what_is_no_condition_gets_one_line_with_its_column(text, column, message):
    with pytest.raises(UsageError) as caught:
        parse(text, NAMES, PATTERNS)
    assert str(caught.value) == f"condition, column {column}: {message}"
    assert (caught.value.column, caught.value.exit_code) == (column, 2)
    assert caret(text, column).splitlines()[1].strip() == "^"


def test_a_layer_is_no_condition_of_each_head():
    with pytest.raises(UsageError) as caught:
        where("entropy < 1 and L2.previous > 0.5")
    assert str(caught.value) == (
        "condition, column 17: L2.previous: a layer in a condition of each head; expected previous, or L2H0.previous"
    )


def test_without_patterns_there_is_no_label():
    with pytest.raises(UsageError, match=r"unknown name 'label' .* expected one of entropy, layer, head$"):
        parse("label == broad", ["entropy"], per_head=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("L0H1.entropy < 1", "column 1: there is no layer 0 here; expected 2, 5"),
        ("max(L3.entropy) < 1", "column 5: there is no layer 3 here; expected 2, 5"),
        ("any(self < 1 or L6.entropy < 1)", "column 17: there is no layer 6 here; expected 2, 5"),
        ("L2H3.entropy < 1", "column 1: there is no head 3 here; expected 0, 1, 7"),
        ("L-9H1.entropy < 1", "column 1: there is no layer -9 here; expected 2, 5"),
        ("L2H" + "9" * 99 + ".entropy < 1", f"column 1: there is no head {'9' * 20}… here; expected 0, 1, 7"),
        (
            "min(entropy) < 1 or max(same) < 1",
            "column 25: there is no same here (the tokens are not known); "
            "expected one of entropy, self, previous, special, layer, head",
        ),
    ],
)
def test_what_is_not_there_is_said_with_what_is(text, message):
    with pytest.raises(UsageError) as caught:
        check(text)
    assert str(caught.value) == f"condition, {message}"


def test_one_outcome_is_not_asked_of_a_condition_of_each_head():
    with pytest.raises(ValueError, match="has one outcome a head"):
        parse("previous > 0.5", NAMES, per_head=True).outcome(TABLE)


@pytest.mark.parametrize("opening", ["(", "not ", "not(", "any(", "((not "])
def test_depth_and_length_have_an_end(opening):
    closing = ")" * opening.count("(")
    for n in (MAX_DEPTH + 1, 500, 10_000):
        with pytest.raises(
            UsageError, match=r"^condition, column \d+: (nested too deeply|the text has \d+ characters)"
        ):
            parse(opening * n + "max(entropy) < 3" + closing * n, NAMES)
        with pytest.raises(UsageError):
            parse(opening * n, NAMES)
    levels = {"not(": 2, "((not ": 3}.get(opening, 1)
    if opening != "any(":
        deep = opening * (MAX_DEPTH // levels) + "max(entropy) < 3" + closing * (MAX_DEPTH // levels)
        assert isinstance(check(deep).holds, bool)


def test_many_conditions_in_a_row_are_no_depth():
    text = " and ".join(["max(entropy)<9"] * 200)
    assert len(text) < MAX_LENGTH
    assert check(text).holds
    found = check(" or ".join(["(not max(entropy)<9)"] * 100))
    assert (found.holds, [part.value for part in found.parts]) == (False, [2.5] * 100)


def test_every_part_of_a_joined_condition_says_what_was_measured():
    found = check("not max(entropy) > 3 and (any(special > 0) or L2H1.previous > L5H7.previous)")
    assert (found.holds, found.value) == (True, None)
    assert [(part.holds, part.value, part.of, part.unknown) for part in found.parts] == [
        (False, 2.5, None, 0),
        (True, 2.0, 6, 4),
        (True, 0.95, None, 0),
    ]
    assert found.parts[2].values == (0.95, 0.2)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("any(special > 0)", 4),
        ("any(previous > L5H0.special)", 6),
        ("all(previous > max(L5.special))", 6),
        ("any(not special > 0 and previous > 0)", 4),
        ("all(L2.previous > 0)", 0),
        ("any(any(special > 0) or previous > 2)", 0),
    ],
)
def test_heads_for_which_any_side_is_undefined_are_counted(text, unknown):
    assert check(text).unknown == unknown


def test_a_comparison_of_two_numbers_shows_digits_enough_of_both():
    table = HeadTable({"self": np.array([[0.123456, 0.123457]])}, (0,), (0, 1))
    found = parse("L0H0.self < L0H1.self", ("self",)).outcome(table)
    assert (found.holds, found.words) == (True, "0.123456 and 0.123457")


def test_a_label_that_no_head_can_have_is_asked_for_in_vain():
    table = HeadTable({}, (0,), (0,), np.array([["mixed"]], object), {"broad": "rows do not sum to 1"})
    with pytest.raises(UsageError, match=r"column 5: no head can be broad here \(rows do not sum to 1\)"):
        parse("any(label == broad)", (), ("broad", "mixed")).outcome(table)
    assert parse("any(label == mixed)", (), ("broad", "mixed")).outcome(table).holds


def test_a_caret_stands_under_the_place():
    assert caret("max(previos) > 0", 5) == "max(previos) > 0\n    ^"
    assert caret("max(entropy) <", 15) == "max(entropy) <\n" + " " * 14 + "^"
    assert caret("日本 > 0 @", 8) == "日本 > 0 @\n" + " " * 9 + "^"  # each ideograph takes two cells
    assert caret("é\u0301 > @", 6) == "é\u0301 > @\n" + " " * 4 + "^"  # a combining accent takes none
    assert caret("ＡＢ @", 4) == "ＡＢ @\n" + " " * 5 + "^"
    assert caret("a\0b\n@", 5) == "a\\x00b\\n@\n" + " " * 8 + "^"
    assert caret("", 1) == "\n^"


@given(st.text(max_size=300), st.integers(8, 60), st.data())
def test_a_caret_fits_any_text_in_the_width(text, width, data):
    column = data.draw(st.integers(1, len(text) + 1))
    shown, under = caret(text, column, width).split("\n")
    assert under.strip() == "^"
    assert len(under) <= width
    assert shown.isprintable()


@given(st.text("abc <()", min_size=1, max_size=300), st.integers(8, 60), st.data())
def test_a_caret_points_at_its_character_in_what_fits(text, width, data):
    column = data.draw(st.integers(1, len(text)))
    shown, under = caret(text, column, width).split("\n")
    assert len(shown) <= width
    assert shown[len(under) - 1] == text[column - 1]
    assert shown.strip("…") in text
    assert len(text) >= width or shown == text


WORDS = [
    "and",
    "or",
    "not",
    "any",
    "(",
    ")",
    "max(",
    "entropy",
    "label",
    "L2",
    "H1",
    "L2H1.",
    ".",
    "<",
    "==",
    "1",
    " ",
    "'",
]


@settings(max_examples=200)
@given(st.text(max_size=20) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.booleans())
def test_any_text_is_a_condition_or_gets_one_line(text, per_head):
    found = outcome_or_error(text, per_head)
    if isinstance(found, UsageError):
        assert str(found).isprintable()
        assert 1 <= found.column <= len(text) + 1
    else:
        assert isinstance(found, np.ndarray if per_head else Outcome)


def outcome_or_error(text, per_head):
    try:
        expression = parse(text, NAMES, PATTERNS, per_head=per_head)
        return expression.holds(TABLE) if per_head else expression.outcome(TABLE)
    except UsageError as error:
        return error
