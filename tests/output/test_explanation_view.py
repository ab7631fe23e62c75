"""What a learner reads: how q and k make scores, softmax, the mix of values, and that all its numbers are right."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import attnviz
from attnviz.output.terminal.explained.score import products
from attnviz.output.terminal.explained.view import ExplanationLooks, ExplanationView
from attnviz.output.terminal.screen import Screen
from attnviz.trace.model_info import ModelInfo
from tests.output import printing

SMALL = {"n_layers": 1, "n_heads": 2, "d_model": 6, "d_ff": 4, "n_vocab": 64}
WIDE_HEADS = {"n_layers": 1, "n_heads": 2, "d_model": 64, "d_ff": 4, "n_vocab": 64}
SENTENCE = "The animal didn't cross the street because it was too tired."


def explained(text="The cat didn't sleep", *, target=None, query=None, keys=(), layer=None, kind=None, **fields):
    model = attnviz.load(seed=1, **(SMALL | fields))
    prepared = attnviz.prepare(model, text, target=target)
    return attnviz.explain(model, prepared, query=query, keys=keys, layer=layer, kind=kind)


def printed(explanation, screen, **looks):
    return printing.printed(ExplanationView(explanation, screen, ExplanationLooks(**looks)), screen)


CASES = {
    "self": lambda: explained(query="cat"),
    "masked": lambda: explained(query="cat", mask="causal", position="alibi"),
    "cross": lambda: explained(target="le chat", query="chat", norm_placement="pre", score="additive"),
    "sentence": lambda: explained(SENTENCE, query="it", **WIDE_HEADS),
}
LOOKS = {"": {}, "-full": {"full": True}, "-all": {"all_steps": True}}


@pytest.mark.parametrize("looks", LOOKS)
@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("case", CASES)
def test_explanations_look_as_they_were_approved(case, width, looks, assert_approved):
    text = printed(CASES[case](), Screen(width), **LOOKS[looks])
    assert_approved(text, f"explain-{case}-{width}{looks}")


@pytest.mark.parametrize("system", ["truecolor", "256", "standard"])
def test_colours_look_as_they_were_approved(system, assert_approved):
    assert_approved(printed(CASES["sentence"](), Screen(80, system)), f"explain-sentence-80-{system}")


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["cat", "日本", "[red]", "\x1b[1m", "\u202e", "x" * 300, "שלום", "👩‍👩‍👧"]),
        min_size=1,
        max_size=20,
    ),
    st.integers(40, 120),
    st.fixed_dictionaries({name: st.booleans() for name in ("full", "all_steps", "words", "hide_special")}),
    st.booleans(),
)
def test_any_explanation_fits_any_width(words, width, looks, is_ascii):
    explanation = explained(" ".join(words), position="alibi", mask="causal")
    text = printed(explanation, Screen(width, None, is_ascii), **looks)
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line)
    assert not is_ascii or text.isascii()


# The numbers on the screen, read back. ASCII, so that formulas can be evaluated.

SCREEN = Screen(120, None, ascii=True)
NUMBER = r"-?\d*\.\d+(?:e[+-]\d+)?|-?inf"
VARIANTS = [
    {},
    {"score": "dot"},
    {"score_scale": 0.25},
    {"score": "cosine", "score_scale": 5.0},
    {"score": "additive"},
    {"mask": "causal"},
    {"position": "alibi", "mask": "causal"},
    {"position": "relative"},
    {"position": "relative", "score": "dot", "relative_bias": True},
    {"position": "rotary", "n_kv_heads": 1},
    {"position": "rotary", "qk_norm": True},
    {"position": "alibi", "score": "additive"},
    {"mask": "window", "window": 1},
    {"disentangled": "both"},
    {"disentangled": "p2c", "disentangled_share": True, "score": "dot", "position": "alibi"},
]


def rows_of_cells(text):
    """The cells of each row by label, of the score's step and of the mix: ``{"q.k": [...first key's, second's]}``."""
    rows = {}
    for line in text.split("\n"):
        match = re.match(r"^   (q|w|k \S+|q\.k|w tanh|v \S+|[\d.]+ v|others|z)(?: \d+-\d+)? +((?:-?[\d.]+ *)+)$", line)
        if match:
            rows.setdefault(match[1], []).append([float(n) for n in re.findall(r"-?\d*\.?\d+", match[2])])
    return rows


def test_the_cells_are_the_traces_numbers():
    explanation = explained(SENTENCE, query="it", **WIDE_HEADS | {"d_model": 32})
    rows = rows_of_cells(printed(explanation, SCREEN))
    first, second = explanation.compared
    names = [explanation.keys[key].label for key in explanation.compared]
    expected = {
        "q": [explanation.values("projection", "q")],
        f"k {names[0]}": [explanation.values("projection", "k")[first]],
        f"k {names[1]}": [explanation.values("projection", "k")[second]],
        "q.k": [products(explanation, key) for key in explanation.compared],
        f"v {names[0]}": [explanation.values("weighted_sum", "v")[first]],
        f"{explanation.weights[first]:.3f} v": [explanation.values("weighted_sum", "a v")[first]],
        "z": [explanation.values("weighted_sum", "z")],
    }
    assert expected.keys() <= rows.keys()
    for label, vectors in expected.items():
        np.testing.assert_allclose(rows[label], vectors, atol=0.05 + 1e-6)


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
@pytest.mark.parametrize("target", [None, "le chat dort bien"])
def test_the_printed_products_add_up_to_the_printed_raw_score(fields, target):
    explanation = explained(SENTENCE, target=target, **WIDE_HEADS | fields)
    text = printed(explanation, SCREEN)
    is_additive = fields.get("score") == "additive"
    cells = rows_of_cells(text)["w tanh" if is_additive else "q.k"]
    n = len(cells) // len(explanation.compared)  # lines of a row
    for i, key in enumerate(explanation.compared):
        one = [number for row in cells[i :: len(explanation.compared)] for number in row]
        assert len(one) == 32
        assert n == 2
        line = next(line for line in text.split("\n") if line.startswith(f"   {explanation.keys[key].label}: "))
        raw = float(re.search(rf"= ({NUMBER})", line)[1])
        assert sum(one) == pytest.approx(raw, abs=32 * 0.05)
        assert products(explanation, key).sum() == pytest.approx(raw, abs=0.001)


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
@pytest.mark.parametrize("target", [None, "le chat dort bien"])
def test_every_equation_of_a_score_holds_and_ends_in_the_score(fields, target):
    explanation = explained(SENTENCE, target=target, **WIDE_HEADS | fields)
    text = printed(explanation, replace(SCREEN, width=200), precision=6)
    for key in explanation.compared:
        line = next(line for line in text.split("\n") if line.startswith(f"   {explanation.keys[key].label}: "))
        equations = line.partition(": ")[2].split(", ")
        for equation in equations:
            *formulas, total = equation.split(" = ")
            for formula in formulas:
                if not re.search(r"[qksw]\b", formula.replace("sqrt", "")):
                    value = eval(formula.replace(" x ", " * "), {"sqrt": math.sqrt})  # noqa: S307
                    assert value == pytest.approx(float(total), abs=1e-4)
        assert float(equations[-1].split(" = ")[-1]) == pytest.approx(float(explanation.unmasked_scores[key]), abs=1e-5)


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
def test_the_heading_s_formula_is_that_of_the_score(fields):
    explanation = explained(SENTENCE, **WIDE_HEADS | fields)
    lines = printed(explanation, SCREEN).split("\n")
    heading = next(i for i, line in enumerate(lines) if line.startswith("1  "))
    score = fields.get("score", "scaled_dot")
    formula = {"cosine": "q . k_j / (|q| |k_j|)", "additive": "w . tanh(q + k_j)"}.get(score, "q . k_j")
    parts = {"both": " + q . kd_ij + k_j . qd_ij", "p2c": " + k_j . qd_ij"}.get(fields.get("disentangled"), "")
    formula += parts
    if parts and score == "scaled_dot":
        formula = f"({formula}) / sqrt(96)"
    elif "score_scale" in fields:
        formula += f" * {fields['score_scale']:g}"
    elif score == "scaled_dot":
        formula += " / sqrt(32)"
    if fields.get("position") in ("alibi", "relative"):
        formula += " + b_ij"
    wraps = len(formula) > 40  # then it has a line of its own
    assert lines[heading + wraps].endswith(f"  s_j = {formula}")


def softmax_rows(text):
    """``{label: (score or None, exponential, weight)}``, and the largest score and the sum that are printed."""
    rows = {}
    for line in text.partition("\n2  ")[2].partition("\n3  ")[0].split("\n"):
        match = re.match(rf"^   ([^=]+?) +((?:(?:{NUMBER})(?: +|$))+)(#*)$", line)
        if match:
            numbers = [float(number) for number in match[2].split()]
            rows[match[1].strip()] = (None, *numbers) if len(numbers) == 2 else tuple(numbers)
    largest, total = (float(re.search(rf"{name} = ({NUMBER})", text)[1]) for name in ("max s", r"sum\(e\)"))
    return rows, largest, total


@pytest.mark.parametrize("looks", [{}, {"full": True}, {"words": False}, {"hide_special": False}], ids=str)
@pytest.mark.parametrize("fields", VARIANTS, ids=str)
def test_softmax_can_be_computed_from_what_is_printed(fields, looks):
    explanation = explained(SENTENCE, query="it", **WIDE_HEADS | fields)
    rows, largest, total = softmax_rows(printed(explanation, SCREEN, precision=5, **looks))
    assert len(rows) == (len(explanation.keys) if looks.get("full") else min(8, len(rows)))
    assert sum(e for _, e, _ in rows.values()) == pytest.approx(total, abs=2e-4)
    assert sum(a for *_, a in rows.values()) == pytest.approx(1, abs=2e-4)
    assert largest == pytest.approx(float(explanation.scores.max()), abs=1e-5)
    for score, exponential, weight in rows.values():
        assert weight == pytest.approx(exponential / total, abs=1e-4)
        if score is not None:
            assert exponential == pytest.approx(math.exp(score - largest), abs=1e-4)


def test_the_shares_and_the_others_add_up_to_z():
    explanation = explained(SENTENCE, query="it", **WIDE_HEADS)
    rows = rows_of_cells(printed(explanation, SCREEN))
    share = next(label for label in rows if re.fullmatch(r"[\d.]+ v", label))
    np.testing.assert_allclose(np.add(rows[share], rows["others"]), rows["z"], atol=0.15 + 1e-6)


def test_with_full_every_number_of_q_k_and_v_is_printed():
    explanation = explained(query="cat", position="alibi", mask="causal")
    text = printed(explanation, Screen(80), full=True)
    for step in explanation.steps:
        if step.name in ("projection", "scores", "scale", "bias", "mask", "softmax", "weighted_sum"):
            for quantity in step.quantities:
                for value in quantity.values.ravel():
                    assert not np.isfinite(value) or f"{value:z.3f}" in text, (step.name, quantity.symbol)


def test_with_full_and_all_steps_every_number_is_printed():
    explanation = explained(query="cat")
    text = printed(explanation, Screen(80), full=True, all_steps=True)
    for step in explanation.steps:
        for quantity in step.quantities:
            for value in quantity.values.ravel():
                assert f"{value:z.3f}" in text, (step.name, quantity.symbol)


def titles(text):
    return re.findall(r"^\d+  .*?(?=  |$)", text, re.MULTILINE)


def test_steps_before_q_and_after_z_are_printed_with_all_steps_only():
    explanation = explained(query="cat")
    few, every = (titles(printed(explanation, Screen(100), all_steps=flag)) for flag in (False, True))
    assert few == [
        "1  Score: multiply q with each k, and add up",
        "2  Softmax: weights that sum to 1",
        "3  The weighted sum of the values",
    ]
    assert every == [
        "1  The token's vector and its position's",
        *(f"{i}  {title[3:]}" for i, title in enumerate(few, start=2)),
        "5  All heads together",
        "6  Residual sum and norm",
        "7  Feed-forward, each token by itself",
        "8  What leaves the layer, normed",
    ]


def test_the_first_and_the_last_line_are_the_essence():
    explanation = explained(query="cat", keys=["sleep"])
    first, *_, last, _hint, _ = printed(explanation, Screen(100)).split("\n")
    weight = explanation.weights[explanation.keys.index(next(k for k in explanation.keys if k.text == "sleep"))]
    most = "most " if weight == explanation.weights.max() else ""
    assert first.startswith(f'"cat" looks {most}at "sleep" ({weight:.0%}): L0H')
    assert last == f'"cat" takes {weight:.0%} of what it passes on from "sleep".'


def test_keys_that_are_asked_for_come_first():
    explanation = explained(query="cat", keys=["sleep", "cat"])
    assert [explanation.keys[key].text for key in explanation.compared] == ["sleep", "cat"]
    text = printed(explanation, Screen(80))
    assert re.search(r"^   k sleep .*\n   q·k .*\n   k cat ", text, re.MULTILINE)


def test_a_query_whose_keys_are_all_masked_takes_nothing():
    explanation = explained(query="cat")
    n = len(explanation.keys)
    steps = []
    for step in explanation.steps:
        zeros = tuple(
            replace(q, values=np.zeros_like(q.values)) if q.symbol in ("e", "a", "a v", "z") else q
            for q in step.quantities
        )
        steps.append(replace(step, quantities=zeros))
        if step.name == "scale":
            hidden = replace(step.quantities[0], symbol="masked", values=np.full(n, -np.inf))
            steps.append(replace(step, name="mask", quantities=(hidden,)))
    nothing = replace(explanation, weights=np.zeros(n), steps=tuple(steps), compared=())
    text = printed(nothing, Screen(80))
    assert text.startswith('"cat" looks at nothing, as every key is masked: ')
    assert '\n"cat" takes nothing from any key.\n' in text
    assert "every key is masked: all weights are 0" in text
    assert "nan" not in text


@pytest.mark.parametrize("n", [8, 9, 30])
def test_of_many_words_the_weaker_ones_share_a_row(n):
    explanation = explained(" ".join(f"w{i}" for i in range(n)), query="w4")
    rows, *_ = softmax_rows(printed(explanation, SCREEN))
    words = [int(label.split()[0]) for label in rows if "others" not in label]
    if n == 8:
        assert words == list(range(8))
        return
    assert words == sorted(np.argsort(-explanation.weights, kind="stable")[:7].tolist())
    assert rows[f"{n - 7} others"][2] == pytest.approx(np.delete(explanation.weights, words).sum(), abs=0.001)
    full, *_ = softmax_rows(printed(explanation, SCREEN, full=True))
    assert [int(label.split()[0]) for label in full] == list(range(n))


def test_the_longest_bar_ends_at_the_edge_and_the_others_are_as_long_as_their_weights_say():
    explanation = explained(query="cat")
    lines = [line for line in printed(explanation, Screen(100, None, True)).split("\n") if line.endswith("#")]
    bars = [len(line) - len(line.rstrip("#")) for line in lines]
    assert max(len(line) for line in lines) == 100
    shares = [float(line.rstrip("#").split()[-1]) for line in lines]
    for bar, share in zip(bars, shares, strict=True):
        assert bar == pytest.approx(max(bars) * share / max(shares), abs=0.6)


@pytest.mark.parametrize("precision", range(6))
@pytest.mark.parametrize("size", [1e6, -3e7])
def test_numbers_too_long_for_their_place_have_exponents_and_stay_apart(size, precision):
    model = attnviz.load(**SMALL, position="none")
    vectors = np.full((2, 6), size, dtype=np.float32)
    explanation = attnviz.explain(model, attnviz.prepare_vectors(model, vectors), query=0)
    text = printed(explanation, Screen(120), precision=precision, all_steps=True)
    first = next(line for line in text.split("\n") if "e+" in line)
    numbers = re.search(r"\)\s+(-?\d.*?) …", first).group(1).split()
    assert [float(number) for number in numbers] == [size] * 4


def test_a_foreign_file_name_is_printed_escaped():
    model = ModelInfo("\x1b[31m日本.npz", "sha256:" + "0" * 64)
    explanation = replace(explained(query="cat"), model=model)
    assert "of \\x1b[31m日本.npz" in " ".join(printed(explanation, Screen(80)).split())
    assert "\\x1b[31m\\u65e5\\u672c.npz" in " ".join(printed(explanation, Screen(80, ascii=True)).split())


def test_zero_has_no_sign():
    text = printed(explained(query="cat", mask="causal", position="alibi"), Screen(80), full=True, all_steps=True)
    assert not re.search(r"-0?\.0+\b", text)
