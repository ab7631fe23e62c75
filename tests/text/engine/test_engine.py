"""Tokenizers that the library panics on, crashes on or never finishes with are one error of one line."""

import json
import os
import pickle

import pytest

from attnviz.errors import InputError
from attnviz.text.engine import opening, rehearsal
from attnviz.text.engine.faults import EngineError, panics_as_errors, without_traces
from attnviz.text.engine.ids import n_extra_ids
from attnviz.text.engine.rehearsal import Rehearsal, WatchedTokenizer
from attnviz.text.engine.trust import is_trusted
from attnviz.text.pretrained import pretrained_tokenizer
from attnviz.text.vocabularies import byte_level
from tests.text.engine.tokenizer_files import tokenizer_files


def damaged(algorithm: str, **parts: object) -> str:
    return json.dumps({**tokenizer_files()[algorithm], **parts})


@pytest.mark.parametrize("algorithm", tokenizer_files())
def test_usual_tokenizers_are_used_right_here(algorithm, monkeypatch):
    monkeypatch.setattr(rehearsal, "Popen", None)  # no process can be started
    tokens = pretrained_tokenizer(damaged(algorithm)).encode("the cat", n_vocab=999)
    assert "the" in [token.label for token in tokens]


@pytest.mark.parametrize(
    ("vocabulary", "merges", "fault"),
    [
        ({"a": 0, "b": 1}, "a b", "the library fails"),
        ({"a": 0, "b": 2**31}, "", "an id is 2147483648"),
        ({"a": 0, "b": -1}, "", "an id is -1"),
        (["a"], "", "not an object"),
    ],
)
def test_older_vocabularies_are_one_error_too(tmp_path, capfd, vocabulary, merges, fault):
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    (tmp_path / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    with pytest.raises(InputError, match=rf"with merges.txt it is not a vocabulary \({fault}"):
        byte_level(tmp_path / "vocab.json", tmp_path / "merges.txt", add_prefix_space=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("said", "number"), [(3, 3), ("3", 7), (None, 7), (0, 0)])
def test_extra_tokens_are_counted(said, number):
    assert n_extra_ids({"extra_ids": said}, 7) == number


@pytest.mark.parametrize("said", [-1, 10**9])
def test_more_extra_tokens_than_any_tokenizer_has_are_refused(said):
    with pytest.raises(InputError, match=f"extra_ids is {said}; expected at most 10000"):
        n_extra_ids({"extra_ids": said}, 7)


def with_expression(expression: str) -> str:
    return damaged("WordPiece", normalizer={"type": "Replace", "pattern": {"Regex": expression}, "content": "t"})


# What is unusual about each tokenizer, and what the library says of it.
FAILS = {
    "a template with a token that is not described": (
        "WordPiece",
        {"post_processor": {**tokenizer_files()["WordPiece"]["post_processor"], "special_tokens": {}}},
        "Missing SpecialToken|no entry found for key",
    ),
    "parts without length": ("WordPiece", {"pre_tokenizer": {"type": "FixedLength", "length": 0}}, "non-zero"),
    "an id that asks for tables without end": (
        "BPE",
        {"model": {**tokenizer_files()["BPE"]["model"], "vocab": {"a": 2**31}, "merges": []}},
        "an id is 2147483648; the largest may be 16777215",
    ),
    "a prefix that is longer than a piece": (
        "BPE",
        {"model": {**tokenizer_files()["BPE"]["model"], "continuing_subword_prefix": "longer"}},
        "range end index 6|out of vocabulary|slice",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_what_the_library_fails_on_is_one_error(name, capfd):
    algorithm, parts, fault = FAILS[name]
    with pytest.raises(InputError, match=fault) as caught:
        pretrained_tokenizer(damaged(algorithm, **parts)).encode("the cat", n_vocab=999)
    assert len(str(caught.value)) < 200
    assert capfd.readouterr() == ("", "")


def test_an_unusual_tokenizer_is_tried_in_another_process_first(monkeypatch, capfd):
    tokenizer = pretrained_tokenizer(with_expression("(c|k)h?"), name="odd")
    assert isinstance(tokenizer.library, WatchedTokenizer)
    assert [token.id for token in tokenizer.encode("che", n_vocab=999)] == [1, 0, 2]
    assert [token.id for token in tokenizer.encode("khe", "the", n_vocab=999)] == [1, 0, 2, 3, 2]
    assert tokenizer.decode([3, 4]) == "the cat"
    copied = pickle.loads(pickle.dumps(tokenizer.library))  # noqa: S301 (of this test)
    assert copied.encode("the").ids == [1, 3, 2]
    copied._rehearsal._end()
    with pytest.raises(InputError, match=r"odd: cannot decode tokens"):
        tokenizer.decode([-1])
    # It may end at any time, and another one takes its place.
    tokenizer.library._rehearsal._stage._process.kill()
    with pytest.raises(InputError, match=r"odd: cannot encode the text \(the library crashes: SIGKILL\); expected"):
        tokenizer.encode("che", n_vocab=999)
    assert tokenizer.encode("che", n_vocab=999)
    assert capfd.readouterr() == ("", "")


def test_an_expression_that_never_ends_is_ended(monkeypatch, capfd):
    monkeypatch.setattr(rehearsal, "_MOST_SECONDS", 0)
    tokenizer = pretrained_tokenizer(with_expression("a*a*(?<!a)$"))
    with pytest.raises(InputError, match=r"the library needs more than 0 seconds"):
        tokenizer.encode("a" * 3000, n_vocab=999)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_too_large_for_the_memory_is_not_given_to_the_library(monkeypatch):
    monkeypatch.setattr(opening, "memory_fault", lambda size: f"needs {size} bytes")
    text = damaged("BPE")
    with pytest.raises(InputError, match=f"tokenizer: it needs {16 * len(text)} bytes; expected a higher limit"):
        pretrained_tokenizer(text)


def test_a_process_that_cannot_be_started_is_an_error(monkeypatch):
    monkeypatch.setattr(rehearsal.sys, "executable", "/nowhere/python")
    with pytest.raises(InputError, match="the process that tries it cannot be started"):
        pretrained_tokenizer(with_expression("(c|k)h?"))


def test_ctrl_c_ends_the_other_process(monkeypatch):
    trial = Rehearsal(with_expression("(c|k)h?"), {})
    trial.play()
    process = trial._stage._process

    def interrupted(self: object, words: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(rehearsal._Stage, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trial.play("encode", "the")
    assert process.returncode is not None


def test_a_panic_is_an_error_and_other_exceptions_pass():
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(EngineError, match="the library fails: so"), panics_as_errors():
        raise panic("so")
    with pytest.raises(KeyboardInterrupt), panics_as_errors():
        raise KeyboardInterrupt


def test_traces_are_not_seen(capfd):
    with without_traces():
        os.write(2, b"a trace")
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"


# Changes of one value after which a tokenizer is not trusted.
@pytest.mark.parametrize(
    ("algorithm", "place", "value"),
    [
        ("WordPiece", ("model", "max_input_chars_per_word"), 10**9),
        ("WordPiece", ("model", "other"), 1),
        ("WordPiece", ("post_processor", "single"), []),
        ("WordPiece", ("post_processor", "special_tokens", "[CLS]", "ids"), []),
        ("WordPiece", ("normalizer",), {"type": "New"}),
        ("WordPiece", ("decoder",), 1),
        ("BPE", ("model", "continuing_subword_prefix"), "##"),
        ("BPE", ("model", "dropout"), 0.1),
        ("BPE", ("model", "type"), "Other"),
        ("BPE", ("pre_tokenizer", "pretokenizers"), 33 * [{"type": "Whitespace"}]),
        ("BPE", ("pre_tokenizer", "pretokenizers", 0, "pattern"), {"Regex": "(a*)*"}),
        ("BPE", ("post_processor",), {"type": "Sequence", "processors": 2 * [{"type": "BertProcessing"}]}),
        ("Unigram", ("model", "vocab"), {}),
        ("Unigram", ("model", "unk_id"), -1),
        ("Unigram", ("normalizer", "normalizers", 1, "pattern"), {"String": ""}),
        ("Unigram", ("decoder",), {"type": "Strip", "content": "t", "start": 1, "stop": 1}),
        ("Unigram", ("model",), None),
    ],
)
def test_what_is_not_known_is_not_trusted(algorithm, place, value):
    described = tokenizer_files()[algorithm]
    assert is_trusted(described)
    node = described
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    assert not is_trusted(described)


@pytest.mark.parametrize("algorithm", tokenizer_files())
def test_models_of_old_files_do_not_say_their_type(algorithm):
    described = tokenizer_files()[algorithm]
    del described["model"]["type"]
    assert is_trusted(described)
