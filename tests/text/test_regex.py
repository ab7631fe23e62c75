"""Regular expressions as tokenizers, with the vocabulary of a model folder."""

import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz import load, run
from attnviz.cli.main import main
from attnviz.errors import InputError, UsageError
from attnviz.text import regex
from attnviz.text.regex import regex_tokenizer
from tests.checkpoints.folders import write_bert

SMILES = (  # of rxnmapper
    r"(\%\([0-9]{3}\)|\[[^\]]+]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\||\(|\)|\.|=|#|-|\+|\\|\/|:|~|@|\?|>>?|\*|\$"
    r"|\%[0-9]{2}|[0-9])"
)
SPECIALS = {"cls": "[CLS]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]", "mask": "[MASK]"}
WORDS = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "c", "C", "(", ")", "O", "1", "=", "Cl", ">>"]


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(WORDS) + "\n")
    return path


@pytest.fixture
def smiles(vocabulary):
    return regex_tokenizer(f"regex:{SMILES}", vocabulary, SPECIALS)


def test_tokens_are_the_matches_between_the_special_tokens(smiles):
    tokens = smiles.encode("CC(Cl)=O>>c1N", n_vocab=20)
    assert [token.piece for token in tokens] == [
        *("[CLS]", "C", "C", "(", "Cl", ")", "=", "O", ">>", "c", "1", "[UNK]", "[SEP]")
    ]
    assert [token.id for token in tokens] == [3, 7, 7, 8, 13, 9, 12, 10, 14, 6, 11, 2, 4]
    assert [token.text for token in tokens[1:-1]] == re.findall(SMILES, "CC(Cl)=O>>c1N")
    assert tokens[4].start, tokens[4].end == (3, 5)
    assert [token.special for token in tokens] == [True, *[False] * 11, True]
    assert tokens[11].label == "[UNK]"


@given(text=st.text(alphabet="CcOl1()[]N =>", min_size=1, max_size=30))
def test_the_texts_of_tokens_are_those_of_findall(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "vocab.txt"
    path.write_text("\n".join(WORDS))
    expected = re.findall(SMILES, text)
    tokenizer = regex_tokenizer(f"regex:{SMILES}", path, SPECIALS)
    if not expected:
        with pytest.raises(InputError, match="expected at least one token"):
            tokenizer.encode(text, n_vocab=20)
        return
    tokens = tokenizer.encode(text, n_vocab=20)[1:-1]
    assert [token.text for token in tokens] == expected
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert [token.word for token in tokens] == list(range(len(tokens)))


def test_a_second_segment_has_its_own_row_of_the_segment_table(smiles):
    tokens = smiles.encode("CO", "c", n_vocab=20)
    assert [(token.piece, token.type_id) for token in tokens] == [
        *(("[CLS]", 0), ("C", 0), ("O", 0), ("[SEP]", 0), ("c", 1), ("[SEP]", 1))
    ]
    assert [token.segment for token in tokens] == [0, 0, 0, 0, 1, 1]
    assert [token.start for token in tokens] == [0, 0, 1, 0, 0, 0]


def test_special_tokens_in_a_text_are_whole(vocabulary):
    tokens = regex_tokenizer("regex:.", vocabulary, SPECIALS).encode("C[MASK]C", n_vocab=20)
    assert [token.id for token in tokens] == [3, 7, 5, 7, 4]


def test_empty_matches_are_no_tokens(vocabulary):
    tokens = regex_tokenizer("regex:C*", vocabulary, SPECIALS).encode("CaC", n_vocab=20)
    assert [token.piece for token in tokens[1:-1]] == ["C", "C"]


def test_padding_is_the_vocabulary_s(smiles, tmp_path):
    assert smiles.padding_token(20).id == 0
    assert smiles.padding_token(20).padding
    (tmp_path / "less.txt").write_text("[UNK]\nC\n")
    less = regex_tokenizer("regex:.", tmp_path / "less.txt", SPECIALS)
    assert [token.id for token in less.encode("CO", "C", n_vocab=2)] == [1, 0, 1]
    with pytest.raises(InputError, match="it has no token for padding"):
        less.padding_token(2)


def test_an_id_beyond_the_model_s_table_is_an_error(smiles):
    with pytest.raises(InputError, match="'>>' has id 14, and n_vocab is 14; expected ids below 14"):
        smiles.encode("C>>C", n_vocab=14)


@pytest.mark.parametrize("pattern", ["(", "a**", r"\q", "[", "(?P<a>", "x{5,2}", "(?<=a+)b"])
def test_what_is_not_a_regular_expression_is_refused(vocabulary, pattern):
    with pytest.raises(UsageError, match="is not a regular expression"):
        regex_tokenizer(f"regex:{pattern}", vocabulary, SPECIALS)


def test_a_pattern_that_a_later_version_may_read_otherwise_is_no_warning(vocabulary):
    assert regex_tokenizer("regex:[[a]", vocabulary, SPECIALS).pattern.pattern == "[[a]"


def test_a_vocabulary_without_the_unknown_token_is_refused(tmp_path):
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match=r"it has no \[UNK\]; expected that special token"):
        regex_tokenizer("regex:.", tmp_path / "vocab.txt", SPECIALS)


ENDLESS, TEXT = "regex:(a+)+$", "a" * 40 + "b"


def test_an_expression_that_takes_too_long_is_ended(vocabulary, monkeypatch):
    monkeypatch.setattr(regex, "_MOST_SECONDS", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(InputError, match=r"needs more than 0\.2 seconds for it; expected a regular expression without"):
        regex_tokenizer(ENDLESS, vocabulary, SPECIALS).encode(TEXT, n_vocab=20)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


PROGRAM = """
import sys
from pathlib import Path
from attnviz.text.regex import regex_tokenizer
tokenizer = regex_tokenizer(sys.argv[1], Path(sys.argv[2]), {"unk": "[UNK]"})
try:
    print("ready", flush=True)
    tokenizer.encode(sys.argv[3], n_vocab=20)
except KeyboardInterrupt:
    print("ended")
"""


def test_ctrl_c_ends_an_expression(vocabulary, heeds_ctrl_c):
    command = [sys.executable, "-c", PROGRAM, ENDLESS, str(vocabulary), TEXT]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (out, err) == ("ended\n", "")


def test_a_timer_of_the_program_goes_on(smiles):
    rang = threading.Event()
    before = signal.signal(signal.SIGALRM, lambda *_: rang.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        smiles.encode("CCO", n_vocab=20)
        end = time.monotonic() + 60
        while not rang.is_set() and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rang.is_set()


def test_in_another_thread_it_reads_as_well(smiles):
    ids = []
    thread = threading.Thread(target=lambda: ids.extend(token.id for token in smiles.encode("CO", n_vocab=20)))
    thread.start()
    thread.join()
    assert ids == [3, 7, 10, 4]


def test_a_model_folder_is_run_with_it(tmp_path, capfd):
    folder = write_bert(tmp_path / "bert")
    spec = "regex:the|cat|s.t"
    model = load(model=folder, tokenizer=spec)
    result = run("the cat: sat, set", model=model)
    assert [token.id for token in result.tokens] == [2, 5, 6, 7, 1, 3]
    assert main(["show", "the cat", "--model", str(folder), "--tokenizer", spec, "-L", "0"]) == 0
    assert "cat" in capfd.readouterr().out


def test_it_takes_the_special_tokens_that_the_folder_names(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "vocab.txt").write_text("<s>\n</s>\n?\nthe\ncat\n")
    (folder / "special_tokens_map.json").write_text('{"cls_token": "<s>", "sep_token": {"content": "</s>"}}')
    (folder / "tokenizer_config.json").write_text('{"unk_token": "?"}')
    tokens = load(model=folder, tokenizer=r"regex:\w+").tokenizer.encode("the dog", n_vocab=11)
    assert [token.id for token in tokens] == [0, 3, 2, 1]


def test_it_needs_a_model_with_a_vocabulary(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "vocab.txt").unlink()
    with pytest.raises(InputError, match=r"it has no vocab\.txt; expected one for --tokenizer regex:PATTERN"):
        load(model=folder, tokenizer="regex:.")
    with pytest.raises(UsageError, match=r"regex: needs the vocab\.txt of a model folder; expected --model too"):
        load(tokenizer="regex:.")
