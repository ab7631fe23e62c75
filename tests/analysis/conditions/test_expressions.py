"""A condition means what the same text means in Python, for any numbers."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.conditions.grammar import parse
from attnviz.analysis.heads.table import HeadTable

LAYERS, HEADS = (2, 5), (0, 1, 7)  # some of a model's
MEASURED = ("entropy", "self", "previous")
NUMBERS = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 2.0])
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
# A condition is drawn twice: as it is written here, and in Python, where `heads` lists these of every head.
ONE_OF_EACH = ", ".join((*MEASURED, "layer", "head"))


def folded(how, name, layer):
    ours = f"{how}({name if layer is None else f'L{layer}.{name}'})"
    chosen = "heads" if layer is None else f"[h for h in heads if h[3] == {layer}]"
    return ours, f"{how}([{name} for {ONE_OF_EACH} in {chosen}])"


one_head = st.tuples(st.sampled_from(LAYERS), st.sampled_from(HEADS), st.sampled_from(MEASURED)).map(
    lambda place: ("L{}H{}.{}".format(*place),) * 2
)
aggregate = st.builds(
    folded, st.sampled_from(["max", "min", "mean"]), st.sampled_from(MEASURED), st.sampled_from([None, *LAYERS])
)
bare = st.sampled_from([*MEASURED, "layer", "head"]).map(lambda name: (name,) * 2)
number = NUMBERS.map(lambda x: (repr(x),) * 2)


def compared(first, rest):
    sides = [(f" {sign} {ours}", f" {sign} {python}") for sign, (ours, python) in rest]
    return first[0] + "".join(s[0] for s in sides), first[1] + "".join(s[1] for s in sides)


def combined(conditions):
    """Conditions with parentheses only where they are drawn, so that precedence matters."""
    joined = st.tuples(conditions, st.sampled_from([" and ", " or "]), conditions)
    return st.one_of(
        joined.map(lambda j: (j[0][0] + j[1] + j[2][0], j[0][1] + j[1] + j[2][1])),
        conditions.map(lambda c: (f"not {c[0]}", f"not {c[1]}")),
        conditions.map(lambda c: (f"({c[0]})", f"({c[1]})")),
    )


def conditions_of(measured):
    rest = st.lists(st.tuples(SIGNS, measured | number), min_size=1, max_size=3)
    return st.recursive(st.builds(compared, measured, rest), combined, max_leaves=5)


# One head's value stands only beside a name that has a value a head.
of_a_head = st.recursive(
    st.builds(compared, bare, st.lists(st.tuples(SIGNS, bare | aggregate | one_head | number), min_size=1, max_size=3))
    | st.builds(compared, aggregate, st.lists(st.tuples(SIGNS, aggregate | number), min_size=1, max_size=3)),
    combined,
    max_leaves=5,
)
quantified = st.tuples(st.sampled_from(["any", "all"]), conditions_of(bare)).map(
    lambda q: (f"{q[0]}({q[1][0]})", f"{q[0]}([{q[1][1]} for {ONE_OF_EACH} in heads])")
)
of_a_run = st.recursive(
    conditions_of(aggregate | one_head) | quantified,
    combined,
    max_leaves=4,
)


@st.composite
def tables(draw):
    values = {name: np.array(draw(st.lists(NUMBERS, min_size=6, max_size=6))).reshape(2, 3) for name in MEASURED}
    return HeadTable(values, LAYERS, HEADS)


def names_in_python(table):
    names = {"max": max, "min": min, "mean": np.mean, "any": any, "all": all, "heads": []}
    for i, layer in enumerate(LAYERS):
        for j, head in enumerate(HEADS):
            values = {name: table.values[name][i, j] for name in MEASURED}
            names[f"L{layer}H{head}"] = SimpleNamespace(**values)
            names["heads"].append((*values.values(), layer, head))
    return names


def in_python(text, names):
    return bool(eval(text, {"__builtins__": {}} | names))  # noqa: S307 (what the package never does, as its reference)


@given(tables(), of_a_head)
def test_a_condition_of_each_head_means_what_python_means(table, texts):
    ours, python = texts
    names = names_in_python(table)
    expected = [
        in_python(python, names | dict(zip(ONE_OF_EACH.split(", "), head, strict=True))) for head in names["heads"]
    ]
    assert parse(ours, MEASURED, per_head=True).holds(table).ravel().tolist() == expected


@given(tables(), of_a_run)
def test_a_condition_of_a_run_means_what_python_means(table, texts):
    ours, python = texts
    assert parse(ours, MEASURED).outcome(table).holds == in_python(python, names_in_python(table))


@given(st.floats(-2, 2), st.floats(-2, 2), SIGNS)
def test_a_value_written_with_its_digits_has_the_same_outcome(value, limit, sign):
    table = HeadTable({"self": np.array([[value]])}, (0,), (0,))
    outcome = parse(f"L0H0.self {sign} {limit!r}", ("self",)).outcome(table)
    assert outcome.digits >= 4
    written = f"{value:.{outcome.digits}g}"
    assert eval(f"{written} {sign} {limit!r}") == outcome.holds  # noqa: S307
