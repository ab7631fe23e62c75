"""What is bold, dim or coloured: the strongest, headings, remarks, verdicts. Nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.output.terminal.explained.numbers import pretty
from attnviz.output.terminal.explained.view import ExplanationLooks, ExplanationView
from attnviz.output.terminal.lines import kind_line, provenance_line, text_line
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.terminal.styles.blocks import BlocksView
from attnviz.output.terminal.tables.agreement import AgreementView
from attnviz.output.terminal.tables.check import CheckView
from attnviz.output.terminal.tables.diff import DiffView
from attnviz.output.terminal.tables.head_choices import Shown
from attnviz.output.terminal.tables.heads import HeadsTable
from attnviz.output.terminal.tables.models import FamiliesTable, FolderTable
from attnviz.output.terminal.tables.weights import WeightsTable
from attnviz.trace.model_info import ModelInfo
from tests.output.matrices import matrix
from tests.output.printing import styled, texts_in
from tests.output.terminal.tables import test_check, test_diff, test_heads, test_models, test_weights
from tests.output.test_explanation_view import explained

WIDE = Screen(120)


EVERYTHING = ExplanationLooks(full=True, all_steps=True)


@pytest.mark.parametrize("target", [None, "le chat dort"])
def test_of_the_keys_of_an_explanation_the_strongest_alone_is_bold_in_every_table(target):
    explanation = explained("The cat didn't sleep", target=target)
    strongest = int(explanation.weights.argmax())
    assert strongest != int(explanation.weights.argmin())
    rows = [line for line in styled(ExplanationView(explanation, WIDE, EVERYTHING)) if len(line) == 2]
    keys = [line for line in rows if line[0][0] in {f"{i} {key.label}" for i, key in enumerate(explanation.keys)}]
    assert len(keys) >= 2 * len(explanation.keys)  # the keys' vectors, and their numbers
    for (label, label_style), (_, style) in keys:
        assert label_style == "none"
        assert style == ("bold" if int(label.split()[0]) == strongest else "none"), label


def test_in_the_bars_the_compared_keys_alone_are_bold():
    explanation = explained("The cat didn't sleep")
    bars = [line for line in styled(ExplanationView(explanation, WIDE)) if len(line) == 3 and "█" in line[2][0]]
    bold = {int(label.split()[0]) for (label, style), *_ in bars if style == "bold"}
    assert bold == set(explanation.compared)
    assert len(bars) > len(bold)


def test_of_the_heads_of_an_explanation_the_explained_one_alone_is_bold():
    explanation = explained(n_heads=3)
    place = replace(explanation.place, head=1)
    rows = styled(ExplanationView(replace(explanation, place=place), WIDE, ExplanationLooks(all_steps=True)))
    by_head = [(line[0][0], line[1][1]) for line in rows if line[0][0] in ("head 0", "head 1", "head 2")]
    assert by_head == [("head 0", "none"), ("head 1", "bold"), ("head 2", "none")]


def test_titles_and_sentences_of_an_explanation_are_bold_and_meanings_dim():
    explanation = explained()
    view = ExplanationView(explanation, WIDE, ExplanationLooks(all_steps=True))
    bold, dim, plain = (texts_in(view, style) for style in ("bold", "dim", "none"))
    others = [step for step in explanation.steps if step.name in ("embedding", "heads", "residual", "output")]
    for step in others:
        assert any(text.endswith(f"  {pretty(step.title, WIDE)}") for text in bold)
        assert pretty(step.formula, WIDE) in plain
        assert pretty(step.meaning, WIDE).split()[0] in {text.split()[0] for text in dim}
    assert " looks " in bold[0]
    assert " takes " in bold[-1]
    assert "--full" in dim[-1]


def test_a_verdict_is_green_or_red_and_its_condition_plain():
    view = CheckView(test_check.CONDITIONS, Screen(80, "standard"), ("texts.txt, line 3", "The cat sat"))
    first, *rows = styled(view)
    assert first == [("texts.txt, line 3", "dim"), (": The cat sat", "bold")]
    marks = [line[0] for line in rows if len(line) == 2]
    expected = [("✓", "bold green") if holds else ("✗", "bold red") for holds, *_ in test_check.CONDITIONS]
    assert marks == expected
    assert {name for line in rows for _, name in line[-1:]} == {"none"}


def test_of_a_difference_texts_headings_and_failures_are_bold_and_remarks_dim():
    view = DiffView(test_diff.DOCUMENT, (test_diff.TOKENS,) * 2, "toy (sha256:0123)", WIDE, top=3)
    bold, dim, plain = (texts_in(view, style) for style in ("bold", "dim", "none"))
    assert bold[:2] == ["The cat sat on the mat", "The dog sat on the mat"]
    headings = [text.split() for text in bold[2:4]]
    assert [words[0] for words in headings] == ["head", "change"]
    assert len(bold) == 6
    assert all(text.startswith("FAILS: ") for text in bold[4:])
    assert dim == ["A:", "B:", "model: toy (sha256:0123)", "1 more head: --top 4"]
    assert {"L0H0", "L1H2", "L1H3"} & {text.split()[0] for text in plain} == {"L1H2", "L1H3", "L0H0"}
    fine = DiffView(
        test_diff.DOCUMENT | {"tolerance": 1, "heads": test_diff.DOCUMENT["heads"][2:]},
        (test_diff.TOKENS,) * 2,
        "",
        WIDE,
    )
    assert "ok: no jsd exceeds 1" in texts_in(fine, "none")


def test_of_a_table_of_heads_what_it_is_of_and_its_header_are_bold_and_notes_dim():
    view = HeadsTable(test_heads.ONE, Shown(test_heads.UNITS, 4), WIDE)
    bold, dim, plain = (texts_in(view, style) for style in ("bold", "dim", "none"))
    assert bold[0] == "4 heads"
    assert dim[0].startswith("3 of 4 heads; ")
    assert {text.split()[0] for text in plain} >= {"L0H0", "L0H11", "L11H3"}
    assert not any(text.startswith("L") for text in (*bold, *dim))
    assert any(text.startswith("Units: ") for text in dim)


def test_of_models_the_header_and_the_folder_s_name_are_bold_and_the_digest_dim():
    families = FamiliesTable(test_models.FAMILIES, [test_models.FOLDER], WIDE)
    (header,) = texts_in(families, "bold")
    assert header.startswith("Encoders (model_type, for example): ")
    assert not texts_in(families, "dim")
    folder = FolderTable(test_models.FOLDER, {"n_layers": 6}, WIDE)
    assert texts_in(folder, "bold") == ["my-bert", "Sizes, and fields unlike their default"]
    assert texts_in(folder, "dim") == [f"sha256 {test_models.FOLDER['sha256']}"]


def test_of_a_file_of_weights_the_headings_are_bold_and_the_digest_dim():
    view = WeightsTable(test_weights.WEIGHTS, WIDE)
    path, configuration, header = texts_in(view, "bold")
    assert (path, configuration) == ("toy.safetensors", "Configuration")
    assert header.split() == ["tensor", "shape", "type", "size"]
    assert texts_in(view, "dim") == [f"sha256 {test_weights.WEIGHTS['sha256']}"]


def test_of_agreement_the_headings_are_bold_the_rows_plain_and_remarks_dim():
    rows = [{"layer": layer, "weights_norms": 0.5, "weights_zeroing": None} for layer in (0, 1)]
    document = {"kind": "encoder", "texts": 1, "rows": 7, "agreement": rows}
    view = AgreementView(document, [("weights", "norms"), ("weights", "zeroing")], WIDE)
    bold, dim, plain = (texts_in(view, style) for style in ("bold", "dim", "none"))
    assert bold[0].startswith("self-attention: rank correlation")
    assert bold[-1].split() == ["layer", "weights~norms", "weights~zeroing"]
    assert [text.split() for text in plain] == [["0", "0.50", "-"], ["1", "0.50", "-"]]
    assert dim[0].startswith("-: undefined")
    assert len(dim) >= 2


def test_lines_above_views_are_dim_and_the_text_itself_bold():
    assert texts_in(provenance_line(ModelInfo("toy", "sha256:0"), WIDE), "dim") == ["model: toy"]
    assert texts_in(kind_line("cross", "le chat", WIDE), "dim") == ["cross-attention of the target: le chat"]
    assert styled(text_line(2, "a.txt, line 5", "The cat", WIDE)) == [
        [("text 2 (line 5):", "dim"), ("The cat", "bold")]
    ]


def test_on_16_colours_no_glyph_is_reversed_as_that_would_make_dark_ones_light():
    view = BlocksView(matrix(numbers=np.eye(5, dtype=np.float32)), Screen(80, "standard"), Looks("blocks"))
    styles = {style for line in styled(view) for text, style in line if set(text) & set("░▒▓█")}
    assert styles == {"bold"}


def test_a_target_has_a_line_of_its_own_below_its_source():
    for number, name in ((None, "source:"), (2, "text 2:")):
        assert styled(text_line(number, "", "The cat", WIDE, target="Die Katze")) == [
            [(name, "dim"), ("The cat", "bold")],
            [("target:", "dim"), ("Die Katze", "bold")],
        ]


def test_the_models_size_names_the_decoders_where_they_differ():
    sizes = {"n_layers": 2, "n_heads": 4}
    assert ModelInfo("toy", "sha256:0", sizes).size == "2 layers x 4 heads"
    assert ModelInfo("toy", "sha256:0", sizes | {"decoder_layers": 1}).size == ("2 layers x 4 heads, decoder 1 x 4")
    assert ModelInfo("toy", "sha256:0").size == ""
