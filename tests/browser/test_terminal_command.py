"""The command that a page copies prints the page's numbers in the terminal."""

import json
import re
import subprocess
import sys

import pytest

import attnviz
from tests.browser.page import poll

pytestmark = pytest.mark.browser

TEXT = "Unbelievable: the animal didn't cross the street because it was too tired."
INPUTS = {
    "a sentence": (TEXT,),
    "several values": (TEXT, "--values", "norms,weights", "--reduce", "none,rollout,mean-heads"),
    "a target": ("The cat's milk", "--target", "The old cat's", "--seed", "0"),
    "a pair": ("The animal was tired.", "--pair", "It didn't cross the street.", "--model", "tiny"),
    "rows that sum to 1": (TEXT, "--renormalize"),
    "the spelling of the vocabulary": (TEXT, "--raw-tokens", "--no-words"),
    "a text that begins as an option": ("--seed", "0", "--", "-5 cats"),
}
KEYS = ("", "w s ]", "v ] ArrowDown ArrowRight", "w v v t ArrowDown ArrowRight", "v v [")
SWITCHED_OFF = {"words": "--no-words", "hide-special": "--show-special"}


def program(command: str, *more: str) -> str:
    """What a shell prints for a command."""
    command = re.sub(r"(^|\| )attnviz ", rf"\1{sys.executable} -m attnviz ", command)
    ran = subprocess.run(["sh", "-c", " ".join([command, *more])], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{command}: {ran.stderr}"
    return ran.stdout


@pytest.mark.parametrize("given", INPUTS)
def test_the_command_prints_the_number_of_the_page(opened, tmp_path, given):
    words = [sys.executable, "-m", "attnviz", "html", "-o", str(tmp_path / "page.html"), *INPUTS[given]]
    subprocess.run(words, check=True, capture_output=True)
    page = opened(tmp_path / "page.html")
    n_compared = 0
    for keys in KEYS:
        for key in keys.split():
            page.keyboard.press(key)
        page.evaluate("window.attnviz.ready()")
        state, command = page.evaluate("[window.attnviz.state(), window.attnviz.command()]")
        said = poll(page, "document.querySelector('#status').innerText")
        arranged = [f"--{name}" for name in ("words", "hide-special") if not re.search(SWITCHED_OFF[name], command)]
        document = json.loads(program(command, "--json", *arranged))
        number = re.search(r"\((-?\d+\.\d+)\)", said)
        if state["query"] is not None and state["key"] is not None and number is not None:
            assert f"{cell(document, state['query'], state['key']):.3f}" == number[1], (keys, command)
            n_compared += 1
    assert n_compared >= 2


def cell(document: dict, query: int, key: int) -> float:
    """The number of a link of the only matrix of a document."""
    (prefix,) = (name.removesuffix("attention") for name in document if name.endswith("attention"))
    matrix = document[f"{prefix}attention"]
    while isinstance(matrix[0][0], list):
        (matrix,) = matrix
    sides = {"": ("", ""), "decoder_": ("target_", "target_"), "cross_": ("target_", "")}[prefix]
    places = [
        document.get(f"{side}positions", list(range(len(document[f"{side}tokens"])))).index(number)
        for side, number in zip(sides, (query, key), strict=True)
    ]
    return matrix[places[0]][places[1]]


def test_where_no_command_can_read_the_input_again_there_is_no_button(opened, tmp_path):
    for name, command in (("with", "attnviz show a"), ("without", "")):
        (tmp_path / f"{name}.html").write_text(attnviz.html("a", command=command), "utf-8")
    assert opened(tmp_path / "with.html").locator("#command").is_visible()
    assert not opened(tmp_path / "without.html").locator("#command").is_visible()
