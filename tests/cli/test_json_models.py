"""JSON names its model: with all fields once a stream, elsewhere in short; either form is read back."""

import json

import pytest

SHORT = {"name", "weights", "n_layers", "n_heads", "d_model"}
TEXTS = "The cat sat\nA dog ran\nthe mat\n"


def documents(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def models_of(document):
    """The models that an object names: its own, or those of its two sides."""
    return [document["model"]] if "model" in document else [document[side]["model"] for side in "ab"]


def test_the_first_line_of_a_stream_has_all_fields_of_the_model_and_the_others_have_its_sizes(cli):
    first, *others = [line["model"] for line in documents(cli("show", "-", "--json", stdin=TEXTS))]
    assert first.keys() > SHORT
    assert first["norm_placement"] == "post"
    assert others == [{name: first[name] for name in first if name in SHORT}] * 2
    assert [others[0][name] for name in ("n_layers", "n_heads", "d_model")] == [3, 12, 384]


def test_the_first_text_that_can_be_used_has_all_fields(cli):
    ran = cli("show", "-", "--json", "--seed", "0", "--n-ctx", "3", "--on-error", "skip", stdin="a b c d\n" + TEXTS)
    first, second, third = (json.loads(line) for line in ran.out.splitlines())
    assert "line 2" in first["where"]
    assert first["model"]["n_ctx"] == 3
    assert second["model"] == third["model"] == {**{name: first["model"][name] for name in SHORT}, "seed": 0}


COMMANDS = [
    ("show", "-"),
    ("show", "-", "--top", "1"),
    ("explain", "-"),
    ("check", "-", "--where", "any(first > 0)"),
    ("heads", "-"),
    ("heads", "-", "--agreement"),
    ("diff", "The cat sat", "A dog sat"),
]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_every_command_names_its_models_in_short_and_with_model_info_in_full(cli, argv):
    stdin = None if argv[0] == "diff" else TEXTS
    short = documents(cli(*argv, "--json", stdin=stdin))
    full = documents(cli(*argv, "--json", "--model-info", stdin=stdin))
    for i, (one, other) in enumerate(zip(short, full, strict=True)):
        for model, whole in zip(models_of(one), models_of(other), strict=True):
            assert whole["activation"] == "gelu"
            first = argv[0] == "show" and i == 0
            assert model == (whole if first else {name: whole[name] for name in whole if name in SHORT})


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_model_info_is_refused_where_no_json_is_printed(cli, argv):
    ran = cli(*argv, "--model-info", stdin=TEXTS)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "attnviz: error: model-info: it adds the model's fields to JSON; expected --json too\n"


@pytest.mark.parametrize("more", [(), ("--model-info",)], ids=["short", "full"])
def test_a_stream_is_read_back_to_itself_whole_or_a_later_line_alone(cli, more):
    lines = cli("show", "-", "--json", *more, stdin=TEXTS).out.splitlines(keepends=True)
    assert len(lines) == 3
    for some in ("".join(lines), *lines, lines[2] + lines[0]):
        assert cli("show", "--attention", "-", "--json", *more, stdin=some).out == some


def test_a_later_line_alone_looks_like_the_text_alone(cli):
    line = cli("show", "-", "--json", stdin=TEXTS).out.splitlines()[1]
    alone = cli("show", "A dog ran", "--json").out
    views = [cli("show", "--attention", "-", stdin=one).out for one in (line, alone)]
    assert views[0] == views[1]
    assert "3 layers x 12 heads" in views[0]
    measured = [documents(cli("heads", "--attention", "-", "--json", stdin=one))[0] for one in (line, alone)]
    assert measured[0] == measured[1]


def test_another_model_in_the_stream_has_all_its_fields_too(cli):
    two = cli("show", "a b", "--seed", "0", "--json").out + cli("show", "a b", "--seed", "1", "--json").out
    again = cli("show", "--attention", "-", "--json", stdin=two + two).out
    assert again == two + two
    same = cli("show", "--attention", "-", "--json", stdin=two.splitlines(keepends=True)[0] * 2).out.splitlines()
    assert "d_ff" in json.loads(same[0])["model"]
    assert "d_ff" not in json.loads(same[1])["model"]


def test_attention_from_elsewhere_names_what_is_known(cli):
    (document,) = documents(cli("show", "--attention", "-", "--json", stdin="[[1, 0], [0, 1]]"))
    assert document["model"].keys() == {"name", "weights", "n_layers", "n_heads"}


def test_a_decoder_of_other_layers_says_so_in_short_too(cli):
    argv = ("show", "-", "--target", "c d", "--seed", "0", "--set", "decoder_layers=1", "--json")
    second = documents(cli(*argv, stdin=TEXTS))[1]
    assert second["model"].keys() == SHORT | {"seed", "decoder_layers"}


def test_a_stream_gets_smaller(cli):
    texts = "The cat sat\n" * 50
    argv = ("show", "-", "--json", "-L", "0", "-H", "0", "--precision", "3", "--workers", "1")
    short, full = (len(cli(*argv, *more, stdin=texts).out) for more in ((), ("--model-info",)))
    assert short < 0.55 * full
