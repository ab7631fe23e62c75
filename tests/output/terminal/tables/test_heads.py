"""Heads as a table: readable at a glance, in any width, with what is left out named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.output.documents.heads_csv import heads_csv
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.heads import HeadsTable, Shown, label_text
from tests.output.printing import printed

UNITS = {
    "entropy": "nats",
    "entropy_ratio": "ratio",
    "span": "tokens",
    "distance": "tokens",
    "offset": "tokens",
    "self": "weight",
    "previous": "weight",
    "next": "weight",
    "first": "weight",
    "special": "weight",
    "same": "weight",
    "induction": "weight",
    "confidence": "weight",
}
PERFECT = (0.0, 0.0, 1.0, 1.0, -1.0, 0.0, 1.0, 0.0, 0.1, 0.1, None, None, 1.0)
UNIFORM = (2.303, 1.0, 10.0, 3.3, 0.0, 0.1, 0.1, 0.1, 0.1, 0.2, None, None, 0.1)
BETWEEN = (1.204, 0.523, 3.333, 2.25, 1.75, 0.24, 0.05, 0.15, 0.31, 0.35, None, None, 0.4)


def head(place, values, label, spread=None):
    row = {"layer": place[0], "head": place[1], **dict(zip(UNITS, values, strict=True))}
    row["label"] = dict(zip(("name", "metric", "value"), label, strict=True)) | {"rows": 10}
    return row | ({} if spread is None else {"spread": dict.fromkeys(UNITS, spread)})


HEADS = [
    head((0, 0), PERFECT, ("previous", "previous", 1.0)),
    head((0, 11), UNIFORM, ("broad", "entropy_ratio", 1.0)),
    head((11, 3), BETWEEN, ("mixed", "first", 0.31)),
]
ONE = {"kind": "encoder", "texts": 1, "rows": 10, "heads": HEADS, "missing": {}}
SPREAD = [row | {"spread": dict.fromkeys(UNITS, 0.125)} for row in HEADS]
SEVERAL = ONE | {"texts": 3, "heads": SPREAD, "missing": {"same": "it needs tokens", "induction": "it needs tokens"}}


def table(width, document=ONE, *, color=None, is_ascii=False, **shown):
    screen = Screen(width, color, is_ascii)
    return printed(HeadsTable(document, Shown(UNITS, 4, **shown), screen), screen)


def header(text):
    return next(line for line in text.splitlines() if line.startswith("head ")).split()[1:]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_tables_look_as_they_were_approved(width, assert_approved):
    several = table(width, SEVERAL, which="the largest span first", first=("span",))
    assert_approved(f"{table(width)}\n\n{several}", f"heads-{width}")


def test_a_table_in_colour_looks_as_it_was_approved(assert_approved):
    assert_approved(table(80, color="truecolor"), "heads-80-truecolor")


@given(
    st.integers(20, 220),
    st.booleans(),
    st.sampled_from([(), ("offset",), tuple(UNITS)]),
    st.sampled_from([ONE, SEVERAL, ONE | {"heads": []}]),
    st.sampled_from(["", "where previous > 0.5 and 日本語", "x" * 300, "the largest שלום first"]),
    st.sampled_from([None, "256", "truecolor"]),
)
def test_tables_fit_any_width(width, is_ascii, columns, document, which, color):
    text = table(width, document, is_ascii=is_ascii, columns=columns, which=which, color=color)
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    assert max(cell_len(line) for line in plain.split("\n")) <= width
    assert not is_ascii or text.isascii()


@given(st.integers(20, 220), st.sampled_from([ONE, SEVERAL]))
def test_a_metric_is_printed_or_named_at_any_width(width, document):
    words = set(re.findall(r"[a-z_]+", table(width, document)))
    assert set(UNITS) <= words


@given(st.integers(40, 220))
def test_columns_that_are_asked_for_are_all_printed_whole(width):
    lines = table(width, columns=tuple(UNITS)).split("Units:")[0].splitlines()
    headers = [line.split()[1:] for line in lines if line.startswith("head ")]
    assert [name for found in headers for name in found if name != "label"] == list(UNITS)
    rows = [line for line in lines if line.startswith("L11H3")]
    assert len(rows) == len(headers)
    assert all("…" not in row for row in rows)


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_numbers_of_any_size_fit_and_are_whole(value, spread):
    row = head((0, 0), (value,) * len(UNITS), ("self", "self", 0.5), spread)
    text = table(80, ONE | {"heads": [row]}, columns=tuple(UNITS))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


def test_where_there_is_little_room_the_most_telling_columns_are_printed_first():
    assert header(table(40)) == ["label", "entropy"]
    assert {"entropy", "distance", "previous"} <= set(header(table(80)))
    assert "confidence" in header(table(40, first=("confidence",)))


def test_bars_stand_for_numbers_where_no_colours_do():
    assert "1.00 ███" in table(80)
    assert "1.00 ###" in table(80, is_ascii=True)
    assert not set("█▏▎▍▌▋▊▉") & set(table(80, color="truecolor"))
    assert "Bars:" in table(80)
    assert "Colours:" in table(80, color="truecolor")


def test_equal_shares_look_alike_in_every_column():
    colours = re.findall(r"\x1b\[([0-9;]+)m +0\.10\x1b", table(200, color="truecolor"))
    assert len(colours) > 4
    assert len(set(colours)) == 1


def test_what_no_head_has_is_said_with_the_reason():
    text = " ".join(table(80).split())
    assert "Undefined, as no row of the text counts for them: same, induction." in text
    text = " ".join(table(80, SEVERAL).split())
    assert "Undefined" not in text
    assert "Not available for this input: same, induction (it needs tokens)." in text


def test_a_label_never_stands_without_its_evidence():
    assert label_text({"name": "previous", "metric": "previous", "value": 0.914, "rows": 3}) == "previous 0.91"
    assert label_text({"name": "broad", "metric": "entropy_ratio", "value": 0.9, "rows": 9}) == "broad 0.90"
    assert label_text({"name": "mixed", "metric": "first", "value": 0.2, "rows": 9}) == "mixed: first 0.20"
    assert label_text({"name": "mixed", "metric": None, "value": None, "rows": 0}) == "mixed: no row"
    assert "The number of a broad head is its entropy_ratio." in " ".join(table(80).split())


def test_other_kinds_than_self_attention_are_named():
    assert table(80, ONE | {"kind": "cross"}).startswith("cross-attention: 3 of 4 heads; means over 10 tokens\n")
    assert table(80, ONE | {"words": True, "rows": 1}).startswith("3 of 4 heads; means over 1 word\n")


def test_csv_of_several_texts_has_a_spread_beside_each_metric():
    assert heads_csv(SEVERAL, ("self", "same")) == (
        "layer,head,label,label_metric,label_value,self,self_spread,same,same_spread\r\n"
        "0,0,previous,previous,1.0,0.0,0.125,,0.125\r\n"
        "0,11,broad,entropy_ratio,1.0,0.1,0.125,,0.125\r\n"
        "11,3,mixed,first,0.31,0.24,0.125,,0.125\r\n"
    )


@pytest.mark.parametrize(("rows", "said"), [(1, ", 1 row"), (2, ", 2 rows"), (3, "")])
def test_a_label_that_rests_on_one_or_two_rows_says_so(rows, said):
    label = {"name": "induction", "metric": "induction", "value": 0.7, "rows": rows}
    assert label_text(label) == f"induction 0.70{said}"
    assert label_text(label | {"name": "mixed"}) == f"mixed: induction 0.70{said}"


def test_bars_and_colours_have_the_scale_of_all_heads_not_of_those_printed():
    alone = ONE | {"heads": HEADS[2:]}
    assert "1.20 ███" in table(80, alone)
    assert "1.20 █▊" in table(80, alone, largest={"entropy": 2.0})
    assert "others from 0 to the largest of all heads." in " ".join(table(80, alone).split())


def test_of_those_that_fit_a_condition_the_first_are_told_from_all():
    which = "where entropy < 3, the largest span first"
    assert table(80, which=which, fitting=31).startswith(f"3 of 4 heads, {which}")
    several = ONE | {"heads": HEADS * 2}
    screen = Screen(200, None, False)
    text = printed(HeadsTable(several, Shown(UNITS, 36, which=which, fitting=31), screen), screen)
    assert text.startswith(f"6 of the 31 heads {which}; means over 10 tokens\n")


def test_of_words_distances_are_in_words():
    text = " ".join(table(80, ONE | {"words": True}).split())
    assert "distance in words" in text
    assert "in tokens" not in text


def test_metrics_that_were_asked_for_are_printed_before_others():
    assert header(table(40, first=("confidence", "span", "entropy"))) == ["label", "confidence"]
