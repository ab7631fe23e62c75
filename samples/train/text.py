"""Text to train on: a folder of ``.txt`` files becomes sentences of a reduced vocabulary, and those become batches."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

CLS, SEP = 2, 3  # rows of the reduced vocabulary, whose specials come first
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 96  # tokens of an ordinary sample, without specials
MIXTURE = {"examples": 0.30, "glosses": 0.17, "lines": 0.33, "prose": 0.20}  # share of the samples
_END = re.compile(r"(?:(?<=[.!?;])|(?<=[.!?][\"”’)]))\s+(?=[\"“‘(]?[A-Z0-9])")
_QUOTED = re.compile(r'"([^"]+)"')
_ENTRY = re.compile(r"[^:]{1,80}: \S")


@dataclass(frozen=True)
class Corpus:
    """Sentences by kind, each a list of documents, and of each document the sentences' ids in order.

    Attributes:
        kept: what is trained on.
        held: what is held out, by document.
    """

    kept: dict[str, list[list[np.ndarray]]]
    held: dict[str, list[list[np.ndarray]]]


def documents(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The kind of each document, and its sentences.

    A dictionary (``word: definition; "an example"``) has an entry a line: its examples and its definition are sentences
    by themselves. Of other files long lines are documents each; wrapped lines are prose with chapters.
    """
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        filled = [line for line in lines if line.strip()]
        if sum(bool(_ENTRY.match(line)) for line in filled) > 0.9 * len(filled):
            for line in filled:
                examples = [text.strip() for text in _QUOTED.findall(line)]
                gloss = re.sub(r"[;\s]+$", "", _QUOTED.sub("", line))
                yield "glosses", [gloss]
                yield "examples", [text if text[-1] in ".!?" else f"{text}." for text in examples if text]
        elif np.median([len(line) for line in filled]) > 200:
            for line in filled:
                yield "lines", _END.split(line.strip())
        else:
            for chapter in re.split(r"\n(?=(?:CHAPTER|Chapter) )", "\n".join(lines)):
                paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", chapter)]
                yield "prose", [text for part in paragraphs for text in _END.split(part) if text]


def is_held_out(sentences: list[str], seed: int, share: float = 0.02) -> bool:
    """Whether a document is held out: by its text, so that the order of files plays no part."""
    text = f"{seed} {sentences[0][:200]}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") < share * 2**64


def reduced_vocabulary(teacher: Tokenizer, folder: Path, size: int) -> list[str]:
    """The teacher's tokens that are kept: single characters, and the most common of modern and of this text.

    BERT's vocabulary is ordered by how common its tokens were on Wikipedia and in books; a quarter of the places goes
    to what is common here.
    """
    pieces = teacher.get_vocab()
    by_rank = sorted(pieces, key=pieces.get)
    counts: Counter[str] = Counter()
    for _, sentences in documents(folder):
        for encoding in teacher.encode_batch([s[:2000] for s in sentences[:400]], add_special_tokens=False):
            counts.update(encoding.tokens)
    plain = [p for p in by_rank if not p.startswith("[unused") and p not in SPECIALS]
    bare = {p: p.removeprefix("##") for p in plain}
    chosen = dict.fromkeys(SPECIALS)
    chosen |= dict.fromkeys(
        p for p in plain if len(bare[p]) == 1 and (bare[p].isascii() or counts[p] or p in "“”‘’–—…€£")
    )
    longer = [p for p in plain if len(bare[p]) > 1 and bare[p].isascii()]
    common = sorted(longer, key=lambda p: (-counts[p], pieces[p]))
    room = size - len(chosen)
    chosen |= dict.fromkeys(common[: room // 4])
    for piece in longer:
        if len(chosen) == size:
            break
        chosen[piece] = None
    return sorted(chosen, key=lambda p: (p not in SPECIALS, pieces[p]))


def reduced_tokenizer(teacher: Tokenizer, vocabulary: list[str]) -> Tokenizer:
    """The teacher's tokenizer with another vocabulary: the same splitting, the same special tokens."""
    described = json.loads(teacher.to_str())
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    described["model"]["vocab"] = ids
    described["truncation"] = described["padding"] = None
    for token in described["added_tokens"]:
        token["id"] = ids[token["content"]]
    for name, special in described["post_processor"].get("special_tokens", {}).items():
        special["ids"] = [ids[name]]
    for role in ("sep", "cls"):
        if role in described["post_processor"]:
            described["post_processor"][role][1] = ids[described["post_processor"][role][0]]
    return Tokenizer.from_str(json.dumps(described))


def read_corpus(folder: Path, tokenizer: Tokenizer, seed: int) -> Corpus:
    """Every sentence as ids, by kind and document."""
    kept: dict[str, list] = {kind: [] for kind in MIXTURE}
    held: dict[str, list] = {kind: [] for kind in MIXTURE}
    is_held = False
    for kind, sentences in documents(folder):
        if not sentences:
            continue
        if kind != "examples":  # an entry's examples go where its definition went
            is_held = is_held_out(sentences, seed)
        encodings = tokenizer.encode_batch(sentences, add_special_tokens=False)
        ids = [np.array(e.ids, np.int32) for e in encodings if len(e.ids) > 2]
        if ids:
            (held if is_held else kept)[kind].append(ids)
    return Corpus(kept, held)


@dataclass(frozen=True)
class Batch:
    """Samples of the same length: no padding and no mask.

    Attributes:
        ids: of the reduced vocabulary, (samples, tokens).
        segments: 0 or 1, likewise.
    """

    ids: np.ndarray
    segments: np.ndarray


def pool(sources: dict[str, list[list[np.ndarray]]], n_samples: int, tokens_a_batch: int, seed: int) -> list[Batch]:
    """Draws samples by ``MIXTURE``, and sorts them into batches of one length each, in a random order."""
    rng = np.random.default_rng(seed)
    by_length: dict[int, list[tuple[np.ndarray, int]]] = {}
    kinds = [kind for kind in MIXTURE if sources[kind]]
    shares = np.array([MIXTURE[kind] for kind in kinds])
    sizes = {kind: np.cumsum([len(document) for document in sources[kind]]) for kind in kinds}
    for kind in rng.choice(kinds, n_samples, p=shares / shares.sum()):
        ids, first = _sample(sources[kind], sizes[kind], rng, alone=kind in ("glosses", "examples"))
        by_length.setdefault(len(ids), []).append((ids, first))
    batches = []
    for length, samples in sorted(by_length.items()):
        step = max(1, tokens_a_batch // length)
        for start in range(0, len(samples), step):
            part = samples[start : start + step]
            first = np.array([end for _, end in part])[:, None]
            batches.append(Batch(np.stack([ids for ids, _ in part]), (np.arange(length) >= first).astype(np.int64)))
    return [batches[i] for i in rng.permutation(len(batches))]


def _sample(documents: list, sizes: np.ndarray, rng: np.random.Generator, *, alone: bool) -> tuple[np.ndarray, int]:
    """One sample's ids with special tokens, and where its second segment starts.

    A few sentences in a row; of a dictionary sentences from anywhere. One in twenty is a pair, one in sixty is long.
    """
    long = not alone and rng.random() < 1 / 60
    most = int(rng.integers(150, 480)) if long else LONGEST
    wanted = 100 if long else int(rng.choice([1, 2, 3, 4], p=[0.7, 0.2, 0.1, 0] if alone else [0.4, 0.3, 0.2, 0.1]))
    at = int(rng.integers(sizes[-1]))
    place = int(np.searchsorted(sizes, at, side="right"))
    document, start = documents[place], at - (int(sizes[place - 1]) if place else 0)
    following = [document[start]] if alone else document[start : start + wanted]
    while alone and len(following) < wanted:
        following.append(_any_sentence(documents, sizes, rng))
    chosen = [following[0][:most]]
    for sentence in following[1:]:
        if sum(map(len, chosen)) + len(sentence) > most:
            break
        chosen.append(sentence)
    if len(chosen) > 1 and rng.random() < 0.08:
        first = np.concatenate([[CLS], chosen[0], [SEP]])
        return np.concatenate([first, *chosen[1:], [SEP]]), len(first)
    ids = np.concatenate([[CLS], *chosen, [SEP]])
    return ids, len(ids)


def _any_sentence(documents: list, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    at = int(rng.integers(sizes[-1]))
    place = int(np.searchsorted(sizes, at, side="right"))
    return documents[place][at - (int(sizes[place - 1]) if place else 0)]
