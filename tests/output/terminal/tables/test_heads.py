"""Heads as a table: readable at a glance, in any width, with what is left out named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.analysis.heads.report import Examples
from attnviz.analysis.telling import Link
from attnviz.output.documents.heads_csv import heads_csv
from attnviz.output.head_words import label_text, summary_text
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.head_choices import Shown
from attnviz.output.terminal.tables.heads import HeadsTable
from attnviz.trace.tokens import Token
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


def label_of(name, metric, share, of=1.0, rest=(), rows=10):
    return {
        "name": name,
        "metric": metric,
        "value": share and share * of,
        "share": share,
        "of": of,
        "rows": rows,
        "rest": dict(rest),
    }


def head(place, values, label, spread=None):
    row = {"layer": place[0], "head": place[1], **dict(zip(UNITS, values, strict=True))}
    row["label"] = label_of(*label)
    return row | ({} if spread is None else {"spread": dict.fromkeys(UNITS, spread)})


HEADS = [
    head((0, 0), PERFECT, ("previous", "previous", 1.0, 0.8, {"[CLS]": 0.2, "[SEP]": 0.0})),
    head((0, 11), UNIFORM, ("broad", "entropy_ratio", 1.0)),
    head((11, 3), BETWEEN, ("mixed", "self", 0.31, 0.4, {"[CLS]": 0.6, "[SEP]": 0.0})),
]
ONE = {"kind": "encoder", "texts": 1, "rows": 10, "heads": HEADS, "missing": {}}
TOKENS = tuple(Token(word, word) for word in ("the", "animal", "because", "tired", "the", "日本語", "preposterously"))
LINKS = {(0, 0): (Link(1, 0, 1.0),), (11, 3): (Link(1, 3, 0.72), Link(5, 6, 0.4), Link(0, 4, 0.11), Link(2, 3, 0.09))}
EXAMPLES = Examples(TOKENS, TOKENS, LINKS)
SPREAD = [row | {"spread": dict.fromkeys(UNITS, 0.125)} for row in HEADS]
SEVERAL = ONE | {"texts": 3, "heads": SPREAD, "missing": {"same": "it needs tokens", "induction": "it needs tokens"}}


def table(width, document=ONE, *, color=None, is_ascii=False, **shown):
    screen = Screen(width, color, is_ascii)
    return printed(HeadsTable(document, Shown(UNITS, 4, **shown), screen), screen)


def header(text):
    return next(line for line in text.splitlines() if line.startswith("head ")).split()[1:]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_tables_look_as_they_were_approved(width, assert_approved):
    several = table(width, SEVERAL, which="the largest span first", first=("span",), examples=EXAMPLES)
    summary = "1 previous-token, 1 broad, 2 mixed; 1 rests on [CLS]"
    assert_approved(f"{table(width, summary=summary, examples=EXAMPLES)}\n\n{several}", f"heads-{width}")


def test_a_table_in_colour_looks_as_it_was_approved(assert_approved):
    assert_approved(table(100, color="truecolor", examples=EXAMPLES), "heads-100-truecolor")


@given(
    st.integers(20, 220),
    st.booleans(),
    st.sampled_from([(), ("offset",), tuple(UNITS)]),
    st.sampled_from([ONE, SEVERAL, ONE | {"heads": []}]),
    st.sampled_from(["", "where previous > 0.5 and 日本語", "x" * 300, "the largest שלום first"]),
    st.sampled_from([None, "256", "truecolor"]),
    st.sampled_from([None, EXAMPLES]),
)
def test_tables_fit_any_width(width, is_ascii, columns, document, which, color, examples):
    text = table(width, document, is_ascii=is_ascii, columns=columns, which=which, color=color, examples=examples)
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
    cells = [re.split(" {2,}", row)[1:] for row in rows]
    assert not any("…" in cell for cell in (*cells[0][1:], *(cell for some in cells[1:] for cell in some)))


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_numbers_of_any_size_fit_and_are_whole(value, spread):
    row = head((0, 0), (value,) * len(UNITS), ("self", "self", 0.5), spread)
    text = table(80, ONE | {"heads": [row]}, columns=tuple(UNITS))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


def test_where_there_is_little_room_the_most_telling_columns_are_printed_first():
    assert header(table(40)) == ["label", "entropy"]
    assert {"entropy", "distance", "previous"} <= set(header(table(80)))
    assert header(table(80, examples=EXAMPLES)) == ["label", "example", "entropy", "distance"]
    assert "confidence" in header(table(40, first=("confidence",)))


@given(
    st.integers(80, 240), st.sampled_from([ONE, ONE | {"heads": HEADS[1:2]}, SEVERAL]), st.sampled_from([None, "256"])
)
def test_the_columns_are_the_same_at_every_width_of_100_or_more_and_at_every_one_from_80_to_99(width, document, color):
    examples = EXAMPLES if document["heads"] is HEADS else Examples(TOKENS, TOKENS, {})
    least = 100 if width >= 100 else 80
    assert header(plain(table(width, document, color=color, examples=examples))) == header(
        table(least, document, examples=EXAMPLES)
    )


def plain(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_row_has_as_many_examples_as_fit_and_the_first_one_is_cut():
    assert re.search("animal -> tired 72% +1.20", table(80, examples=EXAMPLES))  # and no other one
    lines = table(200, examples=EXAMPLES)
    assert "animal -> tired 72%  日本語 -> preposterously 40%  the#0 -> the#4 11%  " in lines
    assert "9%" not in lines  # too weak to be an example
    long = Examples(TOKENS, TOKENS, {(11, 3): (Link(6, 6, 0.5),)})
    assert "preposterously -> preposterously 50%" in table(200, examples=long)
    assert "preposte… -> preposte… 50%" in table(80, examples=long)


def test_only_shares_have_colours_and_a_zero_has_none():
    text = table(200, color="truecolor", columns=("entropy", "self", "previous"))
    coloured = re.findall(r"\x1b\[[0-9;]*48;2[0-9;]*m([^\x1b]*)", text)
    assert [number.strip() for number in coloured] == ["1.00", "0.10", "0.10", "0.24"]  # 0.05 is next to nothing


def test_equal_shares_look_alike_in_every_column():
    colours = re.findall(r"\x1b\[([0-9;]+)m +0\.10\x1b", table(200, color="truecolor", columns=tuple(UNITS)))
    assert len(colours) > 4
    assert len(set(colours)) == 1


def test_what_no_head_has_is_said_with_the_reason():
    text = " ".join(table(80).split())
    assert "Undefined, as no row of the text counts for them: same, induction." in text
    text = " ".join(table(80, SEVERAL).split())
    assert "Undefined" not in text
    assert "Not available for this input: same, induction (it needs tokens)." in text


CLS = {"[CLS]": 0.66, "[SEP]": 0.0}


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (("previous", "previous", 0.98, 0.34, CLS), "previous 0.98 of 0.34"),
        (("previous", "previous", 0.914), "previous 0.91"),  # nothing rests
        (("broad", "entropy_ratio", 0.9, 0.75, {"[CLS]": 0.25}), "broad 0.90 of 0.75"),
        (("broad", "entropy_ratio", 0.9, 0.34, CLS), "broad, rests on [CLS] 0.66"),
        (("mixed", "self", 0.2, 0.75, {"[CLS]": 0.25}), "mixed: self 0.20 of 0.75"),
        (("mixed", "self", 0.2, 0.34, CLS), "mixed, rests on [CLS] 0.66"),
        (("mixed", None, None, 0.34, CLS), "mixed, rests on [CLS] 0.66"),
        (("mixed", None, None, None), "mixed: no row"),
        (("special", "special", 0.93, 1.0, {"[CLS]": 0.09, "[SEP]": 0.84}), "rests on [SEP] 0.84"),
        (("special", "special", 0.93, 1.0, {"[CLS]": 0.45, "[SEP]": 0.48}), "rests on special 0.93"),
        (("first", "first", 0.93, 1.0, {"first": 0.93}), "rests on first 0.93"),
        (("mixed", "self", 0.2, 0.4, {"<|begin_of_text|>": 0.6}), "mixed, rests on <|begin… 0.60"),
    ],
)
def test_a_label_has_both_shares_and_says_where_the_head_rests(label, text):
    assert label_text(label_of(*label)) == text
    assert len(text) <= 29


def test_the_summary_counts_labels_in_their_order_and_heads_that_rest():
    labels = [
        label_of("mixed", "self", 0.2, 0.34, CLS),
        label_of("next", "next", 0.9, 0.5),
        label_of("previous", "previous", 0.9, 0.34, CLS),
        label_of("first", "first", 0.95, 1.0, {"[CLS]": 0.95}),
        label_of("previous", "previous", 0.6),
        label_of("special", "special", 0.93, 1.0, {"[CLS]": 0.09, "[SEP]": 0.84}),
    ]
    assert summary_text(labels) == "2 previous-token, 1 next, 1 mixed; 2 rest on [CLS], 1 on [SEP]"
    assert summary_text(labels[:2]) == "1 next-token, 1 mixed; 1 rests on [CLS]"
    assert summary_text(labels[1:3]) == "1 previous-token, 1 next"
    assert summary_text(labels[3:4]) == "1 rests on [CLS]"
    sunk = label_of("first", "first", 0.95, 1.0, {"first": 0.95})
    assert summary_text([labels[3], sunk, sunk]) == "2 rest on the first token, 1 on [CLS]"
    assert summary_text([sunk, sunk]) == "2 rest on the first token"


def test_the_legend_says_what_both_shares_are_with_the_first_that_is_printed():
    text = " ".join(table(80).split())
    legend = "previous 1.00 of 0.80: 0.80 of the attention does not rest on [CLS] or [SEP]; of that, 1.00 goes to the"
    assert f"{legend} previous token." in text
    assert "The number of a broad head is its entropy_ratio." in text


def test_other_kinds_than_self_attention_are_named():
    crossed = table(80, ONE | {"kind": "cross"}, summary="4 mixed")
    assert crossed.startswith("cross-attention, 4 heads: 4 mixed\n3 of 4 heads; means over 10 tokens\n")
    assert table(80, ONE | {"words": True, "rows": 1}).startswith("4 heads\n3 of 4 heads; means over 1 word\n")


def test_csv_of_several_texts_has_a_spread_beside_each_metric():
    assert heads_csv(SEVERAL, ("self", "same")) == (
        "layer,head,label,label_metric,label_value,self,self_spread,same,same_spread\r\n"
        "0,0,previous,previous,0.8,0.0,0.125,,0.125\r\n"
        "0,11,broad,entropy_ratio,1.0,0.1,0.125,,0.125\r\n"
        "11,3,mixed,self,0.124,0.24,0.125,,0.125\r\n"
    )


@pytest.mark.parametrize(("rows", "said"), [(1, ", 1 row"), (2, ", 2 rows"), (3, "")])
def test_a_label_that_rests_on_one_or_two_rows_says_so(rows, said):
    label = label_of("induction", "induction", 0.7, rows=rows)
    assert label_text(label) == f"induction 0.70{said}"


def test_of_those_that_fit_a_condition_the_first_are_told_from_all():
    which = "where entropy < 3, the largest span first"
    assert f"\n3 of 4 heads, {which}" in table(80, which=which, fitting=31)
    several = ONE | {"heads": HEADS * 2}
    screen = Screen(200, None, False)
    text = printed(HeadsTable(several, Shown(UNITS, 36, which=which, fitting=31), screen), screen)
    assert f"\n6 of the 31 heads {which}; means over 10 tokens\n" in text


def test_of_words_distances_are_in_words():
    text = " ".join(table(80, ONE | {"words": True}).split())
    assert "distance in words" in text
    assert "in tokens" not in text


def test_metrics_that_were_asked_for_are_printed_before_others():
    assert header(table(40, first=("confidence", "span", "entropy"))) == ["label", "confidence"]
