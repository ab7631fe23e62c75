"""Comma-separated values that every reader gets back, and no spreadsheet runs."""

import csv
import io

import pytest

from attnviz.output.documents.csv_text import csv_text
from attnviz.output.documents.probes.rows_csv import rows_csv


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("cell", ["a\nb", "a\rb", "a\r\nb", "a,b", 'a"b', "", " a ", "猫", "a\tb", "nsubj"])
def test_texts_come_back_whatever_they_hold(cell):
    assert read(csv_text(["a", "b"], [[cell, 1], ["x", 2]])) == [["a", "b"], [cell, "1"], ["x", "2"]]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("x","y")'])
def test_a_text_that_begins_as_a_formula_has_an_apostrophe_before_it(cell):
    assert read(csv_text(["a"], [[cell]])) == [["a"], ["'" + cell]]


def test_numbers_stay_numbers_and_what_is_undefined_is_empty():
    assert csv_text(["a", "b", "c"], [[-0.5, None, 3]]) == "a,b,c\r\n-0.5,,3\r\n"


def test_a_relation_of_a_treebank_is_not_a_formula():
    row = {"relation": "=cmd|'x'", "rate": -0.5, "z": {"rate": -2.0}}
    assert read(rows_csv([row])) == [["relation", "rate", "rate_z"], ["'=cmd|'x'", "-0.5", "-2.0"]]
    assert rows_csv([]) == "\r\n"
