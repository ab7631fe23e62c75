"""Which head finds which syntactic relation, over the sentences of a treebank."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.probes.relations import LEFT_OUT, universal
from attnviz.analysis.probes.syntax import (
    SentenceHits,
    SyntaxReport,
    dev_part,
    found_pairs,
    relation_scores,
)
from attnviz.analysis.probes.word_units import between_units, token_units
from attnviz.api.probes.matrices import measured_heads
from attnviz.api.sweep import corpus as corpus_of_texts
from attnviz.errors import InputError, UsageError, one_line
from attnviz.files import open_file
from attnviz.model import Model, PathOrText
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.run import Run
from attnviz.sweeps.texts import PlacedText, PlacedTexts
from attnviz.text.files.conllu import ParsedSentence, read_conllu
from attnviz.trace.attention import Attention

_EXPECTED = "expected a treebank in CoNLL-U"
_REQUEST = Request(kinds=("encoder",))


def probe_syntax(
    treebank: Path | BinaryIO,
    *,
    model: Model | PathOrText | None = None,
    dev_share: float = 0.5,
    seed: int = 0,
    subtypes: bool = False,
    corpus: Corpus | None = None,
    on_error: str = "stop",
    workers: int | None = 1,
    note: Callable[[str], None] | None = None,
) -> SyntaxReport:
    """The best head of each relation of Universal Dependencies, chosen on a part and scored on the rest.

    Args:
        treebank: a file in CoNLL-U, plain or packed, or an open stream of bytes.
        model: from ``load``, or a folder, a file or an id for it; by default the bundled one.
        dev_share: the share of sentences on which heads are chosen, between 0 and 1.
        seed: divides the sentences, and draws the resamples of the intervals.
        subtypes: keep subtypes such as ``nsubj:pass`` apart.
        corpus: how sentences are run, instead of ``model`` and what follows; its texts are replaced.
        on_error: at a sentence that cannot be used: ``stop``, or ``skip`` it with a note.
        workers: processes; None for as many as there are CPUs.
        note: called with each note.

    Raises:
        UsageError: a share that leaves nothing to choose on, or nothing to score.
        InputError: a treebank that cannot be read, or has fewer than two sentences or no relation.
    """
    if not 0 < dev_share < 1:
        raise UsageError(f"dev-share: {dev_share:g} is given; expected a share between 0 and 1")
    name = str(treebank) if isinstance(treebank, Path) else "standard input"
    placed = list(_placed(treebank, name))
    sentences = {one.where: one for one, _ in placed if isinstance(one, ParsedSentence)}
    if corpus is None:
        corpus = corpus_of_texts([], model=model, on_error=on_error, workers=workers, note=note)
    corpus = replace(corpus, texts=PlacedTexts(one_line(name), [text for _, text in placed]))
    each = partial(sentence_hits, sentences, subtypes=subtypes)
    measured = [value for _, value in corpus.values(_REQUEST, each)]
    if len(measured) < 2:
        raise InputError(f"{one_line(name)}: one sentence; expected at least two, as one part is not scored")
    dev = dev_part(len(measured), dev_share, seed)
    scores = relation_scores([hits for _, hits in measured], dev, seed=seed)
    if not scores:
        raise InputError(f"{one_line(name)}: no relation is in both parts; expected more sentences")
    lost = sum(hits.lost for _, hits in measured)
    attention = measured[0][0]
    return SyntaxReport(
        attention, tuple(scores), one_line(Path(name).name), len(measured), int(dev.sum()), dev_share, seed, lost
    )


def _placed(treebank: Path | BinaryIO, name: str) -> Iterable[tuple[ParsedSentence | InputError, PlacedText]]:
    """The sentences with what runs of them."""
    with open_file(treebank, _EXPECTED) if isinstance(treebank, Path) else nullcontext(treebank) as stream:
        for one in read_conllu(stream, one_line(name)):
            if isinstance(one, InputError):
                yield one, PlacedText(str(one).partition(": ")[0], one)
            else:
                yield one, PlacedText(one.where, one.text)


def sentence_hits(
    sentences: Mapping[str, ParsedSentence], run: Run, *, subtypes: bool
) -> tuple[Attention, SentenceHits]:
    """What the matrices have in common, and which pairs of the sentence each head finds.

    Args:
        sentences: by their places.
        run: of one of them.
        subtypes: keep subtypes of relations apart.
    """
    _, prepared = run.model_and_text()
    sentence = sentences[prepared.where]
    units = token_units(prepared.tokens, sentence.spans)
    known = set(units.tolist())
    pairs = [
        (word.span, sentence.words[word.head].span, word.relation if subtypes else universal(word.relation))
        for word in sentence.words
        if word.head is not None and universal(word.relation) not in LEFT_OUT
    ]
    kept = [pair for pair in pairs if pair[0] != pair[1] and {pair[0], pair[1]} <= known]
    dependents, heads = (np.array([pair[side] for pair in kept], dtype=np.int64) for side in (0, 1))
    shape = len(sentence.spans), len(sentence.spans)
    attention, hits = measured_heads(
        run,
        "encoder",
        lambda matrices: found_pairs(between_units(matrices, units, units, shape), dependents, heads),
        axis=1,
    )
    packed = np.packbits(hits.reshape(2 * hits.shape[1], len(kept)), axis=1)
    names = tuple(pair[2] for pair in kept)
    return attention, SentenceHits(names, heads - dependents, packed, len(pairs) - len(kept))
