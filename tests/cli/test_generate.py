"""``--generate`` and ``--stop``: what is printed, with and without a number, and what does not go together."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "checkpoints" / "golden"
LLAMA = ("--model", str(GOLDEN / "llama"))
CAUSAL = ("--seed", "0", "--mask", "causal")

SCREEN = """\
The cat
generated: #955 #955 #955
"#955" (2) looks most at "The" (95%)
L0H2 of random weights of seed 0 (any pattern is chance): rows look at columns,
in percent, · masked, + generated
             The      cat     #955     #955     #955
0 The       *100        ·        ·        ·        ·
1 cat        *66       34        ·        ·        ·
2+#955       *95        4        1        ·        ·
3+#955       *94        4        1        1        ·
4+#955       *93        5        1        1        1
"""


def test_what_the_model_wrote_is_marked(cli):
    assert cli("show", "The cat", "--generate", "3", *CAUSAL, "-H", "L0H2").out == SCREEN


@pytest.mark.parametrize(
    ("argv", "n"),
    [
        (("--generate", "The cat", *CAUSAL), 32),
        (("The cat", *CAUSAL, "--generate"), 32),
        (("The cat", "--generate", *CAUSAL), 32),
        (("The cat", "--generate=5", *CAUSAL), 5),
        (("--generate", "5", "The cat", *CAUSAL), 5),
        (("--generate", *CAUSAL, "--", "The cat"), 32),
    ],
)
def test_the_number_can_be_left_out(cli, argv, n):
    (document,) = [json.loads(line) for line in cli("show", "--json", "-L", "0", *argv).out.splitlines()]
    assert sum(document["generated"]) == n
    assert document["text"].startswith("The cat")


@pytest.mark.parametrize("command", ["show", "heads", "explain", "check"])
def test_each_command_that_runs_a_text_has_it(cli, command):
    more = ("--where", "any(entropy > 0)") if command == "check" else ()
    ran = cli(command, "The dog read letters", "--generate", "4", *LLAMA, *more, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert "tri" in ran.out or command in ("heads", "check")


@pytest.mark.parametrize("command", ["heatmap", "html"])
def test_pictures_and_pages_have_it(cli, tmp_path, command):
    out = tmp_path / ("a.svg" if command == "heatmap" else "a.html")
    more = ("-H", "L0H0") if command == "heatmap" else ()
    ran = cli(command, "The dog read letters", "--generate", "4", *LLAMA, "-o", str(out), *more)
    assert ran.code == 0
    assert "tri" in out.read_text()


def test_a_stop_that_is_not_unicode_is_one_line(cli):
    ran = cli("show", "The dog", "--generate", "--stop", "a\udcff", *LLAMA)
    why = "character 2 is \\udcff, half a surrogate pair or a byte that is not UTF-8; expected Unicode text"
    assert (ran.code, ran.err) == (3, f"attnviz: error: stop: {why}\n")


def test_stop_ends_it(cli):
    (line,) = cli("show", "The dog read letters", "--generate", "--stop", "i", *LLAMA, "--json").out.splitlines()
    document = json.loads(line)
    assert document["text"] == "The dog read letters0 tri"


def test_an_encoder_decoder_writes_the_target_that_looks_at_the_text(cli):
    ran = cli("show", "The cat", "--generate", "3", "--set", "decoder_start_id=0", "--seed", "0", "-H", "L0H0")
    assert ran.out.splitlines()[:2] == ["source: The cat", "generated target: #3250 #3250 #3250"]
    assert "cross-attention" in ran.out
    heads = cli("heads", "The cat", "--generate", "3", "--set", "decoder_start_id=0", "--seed", "0")
    assert "cross-attention" in heads.out


def test_tokens_without_text_are_a_word_of_their_own_and_named_in_the_first_lines(cli):
    lines = cli("show", "The animal", "--generate", "4", "--model", str(GOLDEN / "gpt2"), "-H", "L0H0").out.splitlines()
    assert lines[:2] == ["The animal", "generated: [377][377][377][377]"]
    assert [line.split()[:2] for line in lines[-3:]][:2] == [["0", "The"], ["1", "animal"]]
    assert lines[-1].startswith("2+[377][377]")
    bart = cli("show", "The animal", "--generate", "4", "--model", str(GOLDEN / "bart")).out.splitlines()
    assert bart[:2] == ["source: The animal", r"generated target: \x9e\x9e\x9e"]


def test_a_text_that_leaves_no_room_is_followed_by_nothing(cli):
    ran = cli("show", "dog " * 80, "--truncate", "--generate", "2", "--model", str(GOLDEN / "gpt2"))
    assert "text: the model wrote 0 tokens, as n_ctx is 61" in ran.err
    assert ran.out.startswith("dog dog dog")
    assert "generated" not in ran.out


def test_a_target_that_rests_on_special_tokens_is_said_of_targets(cli):
    ran = cli("show", "dog", "--target", "x", "--model", str(GOLDEN / "m2m_100"))
    assert ran.out.splitlines()[2] == "No target word looks at a source word more than at special tokens."


@pytest.mark.parametrize("number", [137, 2**70])
def test_a_first_token_that_the_decoder_does_not_have_is_one_line(cli, tmp_path, number):
    for file in (GOLDEN / "marian").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "generation_config.json").write_text(json.dumps({"decoder_start_token_id": number}))
    ran = cli("show", "The dog", "--generate", "2", "--model", str(tmp_path))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"attnviz: error: generate: {tmp_path.name} feeds its decoder token {number} first, which it does not have; "
        "expected an id less than 137\n"
    )


def test_a_rule_that_greedy_leaves_out_is_a_note(cli, tmp_path):
    for file in (GOLDEN / "llama").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "generation_config.json").write_text('{"num_beams": 4}')
    ran = cli("show", "The dog", "--generate", "2", "--model", str(tmp_path), "-H", "L0H0")
    assert "asks for num_beams 4: the continuation is the greedy one, without it" in ran.err
    assert ran.err.count("num_beams") == 1
    assert "num_beams" not in cli("show", "The dog", "--model", str(tmp_path), "-H", "L0H0").err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--generate", "0"), "generate: 0 tokens; expected 1 or more"),
        (("--stop", "x"), "stop: it ends what the model writes; expected --generate too"),
        (("--generate", "2", "--target", "b"), "generate, target: both are given; expected one of them"),
        (("--generate", "2", "--pair", "b"), "generate, pair: both are given; expected one of them"),
    ],
)
def test_what_does_not_go_together_is_one_line(cli, argv, said):
    ran = cli("show", "The dog", *argv, *CAUSAL)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"attnviz: error: {said}\n"
