"""The text that the bundled model was trained on: what becomes a sample (``samples/train/text.py``)."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

ROOT = Path(__file__).parents[1]
TINY = ROOT / "attnviz" / "bundled" / "tiny" / "tokenizer.json"


@pytest.fixture(scope="module")
def text():
    spec = importlib.util.spec_from_file_location("train_text", ROOT / "samples" / "train" / "text.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("text")
    entries = [f'word{i}: a thing of kind {i}; "it was thing {i}"; "who saw it?"' for i in range(200)]
    (made / "a.txt").write_text("\n".join(entries))
    speech = "We met here. The people asked for peace! Was it granted? " * 10
    (made / "b.txt").write_text("\n".join(f"Speech {i}. {speech}" for i in range(30)))
    chapter = "The ship of {} men sailed at\nnoon. Nobody saw it.\n\nIt came back. All were well.\n"
    (made / "c.txt").write_text("\n".join(f"CHAPTER {i}\n\n{chapter.format(i)}" for i in range(30)))
    return made


def test_a_dictionary_gives_glosses_and_examples_and_wrapped_lines_become_sentences(text, folder):
    found = list(text.documents(folder))
    assert found[:2] == [("glosses", ["word0: a thing of kind 0"]), ("examples", ["it was thing 0.", "who saw it?"])]
    kind, sentences = found[400]
    assert (kind, sentences[:3]) == ("lines", ["Speech 0.", "We met here.", "The people asked for peace!"])
    chapters = [sentences for kind, sentences in found if kind == "prose"]
    assert chapters[0] == [
        "CHAPTER 0",
        "The ship of 0 men sailed at noon.",
        "Nobody saw it.",
        "It came back.",
        "All were well.",
    ]
    assert len(chapters) == 30


def test_what_is_held_out_is_whole_documents_and_never_trained_on(text, folder):
    corpus = text.read_corpus(folder, Tokenizer.from_file(str(TINY)), seed=0)
    for kind in ("glosses", "lines", "prose"):
        kept, held = ({tuple(document[0].tolist()) for document in part[kind]} for part in (corpus.kept, corpus.held))
        assert not kept & held
    assert 0 < sum(map(len, corpus.held.values())) < 40
    assert text.read_corpus(folder, Tokenizer.from_file(str(TINY)), seed=0).held.keys() == corpus.held.keys()


def test_batches_have_one_length_special_tokens_and_segments(text, folder):
    corpus = text.read_corpus(folder, Tokenizer.from_file(str(TINY)), seed=0)
    batches = text.pool(corpus.kept, 500, 1000, seed=3)
    assert sum(len(batch.ids) for batch in batches) == 500
    pairs = 0
    for batch in batches:
        assert batch.ids.size <= 1000
        assert (batch.ids[:, 0] == text.CLS).all()
        assert (batch.ids[:, -1] == text.SEP).all()
        assert (np.diff(batch.segments, axis=1) >= 0).all()
        for ids, segments in zip(batch.ids, batch.segments, strict=True):
            pairs += bool(segments.any())
            assert (ids == text.SEP).sum() == 1 + bool(segments.any())
            assert not segments.any() or ids[segments.argmax() - 1] == text.SEP
    assert pairs > 5
    again = text.pool(corpus.kept, 500, 1000, seed=3)
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(batches, again, strict=True))


def test_a_reduced_tokenizer_splits_as_its_teacher_does_where_it_knows_the_pieces(text, folder):
    teacher = Tokenizer.from_file(str(TINY))
    vocabulary = text.reduced_vocabulary(teacher, folder, 400)
    assert vocabulary[:5] == list(text.SPECIALS)
    assert len(vocabulary) == len(set(vocabulary)) == 400
    reduced = text.reduced_tokenizer(teacher, vocabulary)
    for sentence in ("The people asked for peace!", "Who saw the ship?"):
        encoded = reduced.encode(sentence, "it was well.")
        assert "[UNK]" not in encoded.tokens
        assert [vocabulary[i] for i in encoded.ids] == encoded.tokens
        assert encoded.tokens == teacher.encode(sentence, "it was well.").tokens
