"""SentencePiece models learnt in the test from a few lines: it takes some milliseconds."""

import io
from pathlib import Path

import sentencepiece

CORPUS = (
    "The animal did not cross the street because it was too tired.",
    "She read the letter again and again before the train left.",
    "Attention is a weighted sum of values, 1,2 and 9,9.",
    "Die Größe der Straße ist für das Tier zu groß, und über die Brücke ging ein müder Mann.",
    "Le café est près de la rivière, où la forêt est très âgée.",
    "Το ζώο είναι μικρό και η λέξη μεγάλη, ΣΟΦΟΣ.",
    "日本語の文 日本の言葉 中文的词 今日は 日本",
    "Read it again 🙂 and again 🙂. Reading, read, unreadable, reader; words of a word.",
)


def train(path: Path, **options: object) -> Path:
    """Writes a model; ``options`` are the trainer's."""
    out = io.BytesIO()
    usual = {"vocab_size": 170, "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, **{**usual, **options})
    path.write_bytes(out.getvalue())
    return path
