"""Texts that begin with a dash: every text is a text after ``--``, and as the value of an option."""

import json

import pytest

TEXTS = ["-5 degrees", "=1+1", "--", "-h there", "--debug", "-L", "--generate", "show"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_after_two_dashes_is_a_text(cli, text):
    assert json.loads(cli("--json", "-L", "0", "--", text).out)["text"] == text
    assert cli("--", text).code == 0


@pytest.mark.parametrize("text", TEXTS)
def test_the_value_of_an_option_is_its_value(cli, text):
    for words in (("--pair", text), (f"--pair={text}",)):
        document = json.loads(cli("show", "one", *words, "--json", "-L", "0").out)
        assert document["pair"] == text


def test_an_error_after_a_text_that_reads_debug_is_one_line(cli):
    ran = cli("show", "-L", "9", "--", "--debug")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("command", ["show", "diff"])
@pytest.mark.parametrize("text", ["-5 degrees", "--a b"])
def test_an_option_that_is_not_known_may_be_a_text(cli, command, text):
    ran = cli(command, f"{text}x y")
    assert ran.code == 2
    assert ran.err.splitlines()[-1].endswith("; put -- before a text that begins with -")
