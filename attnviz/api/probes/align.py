"""The alignment error rate of each cross-attention head, over pairs of sentences."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.probes.align import (
    TARGET_ROWS,
    AlignReport,
    GoldLinks,
    LinkCounts,
    counted_links,
    linked_words,
    monotone_links,
    rows_of_words,
)
from attnviz.analysis.probes.word_units import token_units
from attnviz.api.probes.matrices import measured_heads
from attnviz.api.sweep import corpus as corpus_of_texts
from attnviz.elsewhere.gold_links import read_gold_links
from attnviz.errors import InputError, UsageError, one_line
from attnviz.model import Model, PathOrText, load, opened_model
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.run import Run
from attnviz.text.layout import FileLayout
from attnviz.text.words import split
from attnviz.trace.attention import Attention
from attnviz.trace.result import line_of

_REQUEST = Request(kinds=("cross",))


def probe_align(
    pairs: Path | BinaryIO,
    gold: Path,
    *,
    model: Model | PathOrText | None = None,
    rows: str = "input",
    one_based: bool = False,
    corpus: Corpus | None = None,
    on_error: str = "stop",
    workers: int | None = 1,
    note: Callable[[str], None] | None = None,
) -> AlignReport:
    """The alignment error rate of each cross-attention head of an encoder-decoder.

    Args:
        pairs: a file, or a stream, of lines SOURCE ||| TARGET, words separated by white space.
        gold: a file of links by people, a line per pair: ``0-0`` sure, ``1p2`` possible.
        model: from ``load``, or a folder, a file or an id for it; by default random weights.
        rows: which row belongs to a target word: ``input``, that of the step that reads it, or ``output``, that of the
            step that predicts it.
        one_based: whether the gold's words are counted from 1.
        corpus: how pairs are run, instead of ``model`` and what follows; its texts are replaced.
        on_error: at a pair that cannot be used: ``stop``, or ``skip`` it with a note.
        workers: processes; None for as many as there are CPUs.
        note: called with each note.

    Raises:
        UsageError: a row that is not known.
        InputError: files that cannot be read, or do not fit each other; a model without a decoder.
    """
    if rows not in TARGET_ROWS:
        raise UsageError(f"row: {rows!r} is not known; expected {' or '.join(TARGET_ROWS)}")
    links = {n: GoldLinks(*both) for n, both in read_gold_links(gold, one_based=one_based).items()}
    if corpus is None:
        model = load(decoder=True) if model is None else opened_model(model)
        corpus = corpus_of_texts([], model=model, on_error=on_error, workers=workers, note=note)
    corpus = replace(corpus, texts=pairs, layout=FileLayout("pairs"))
    each = partial(pair_counts, links, one_line(gold), rows=rows)
    attention: Attention | None = None
    totals: tuple[LinkCounts, LinkCounts] | None = None
    n = last = 0
    for where, (attention, *counts) in corpus.values(_REQUEST, each):  # noqa: B007 (the last one is used)
        totals = (counts[0], counts[1]) if totals is None else (totals[0] + counts[0], totals[1] + counts[1])
        n, last = n + 1, line_of(where) or 0
    if attention is None or totals is None:
        name = one_line(pairs) if isinstance(pairs, Path) else "standard input"
        raise InputError(f"{name}: there is no pair; expected at least one")
    beyond = [number for number, one in links.items() if one.possible and number > last]
    if beyond and corpus.on_error == "stop":
        raise InputError(f"{one_line(gold)}, line {beyond[0]}: there are {last} pairs; expected a pair for each line")
    return AlignReport(attention, *totals, n, rows)


def pair_counts(
    gold: Mapping[int, GoldLinks], name: str, run: Run, *, rows: str
) -> tuple[Attention, LinkCounts, LinkCounts]:
    """What the matrices have in common, and the links of each head, and of the diagonal, of one pair.

    Args:
        gold: by the line of a pair.
        name: of the file of gold links, in messages.
        run: of a pair.
        rows: one of ``TARGET_ROWS``.

    Raises:
        InputError: the pair has no line of gold links, or they link words that it does not have.
    """
    _, prepared = run.model_and_text()
    number = line_of(prepared.where) or 0
    if number not in gold:
        raise InputError(f"{name}: it has no line {number}; expected one for each pair of sentences")
    sources, targets = (split(text or "", "whitespace") for text in (prepared.text, prepared.target_text))
    links = gold[number]
    for source, target in links.possible:
        if source >= len(sources) or target >= len(targets):
            raise InputError(
                f"{name}, line {number}: {source}-{target} links a word past the last; expected numbers below "
                f"{len(sources)} of source words and below {len(targets)} of target words, counted from 0"
            )
    queries = rows_of_words(token_units(prepared.target_tokens, targets), rows)
    keys = token_units(prepared.tokens, sources)
    shape = len(targets), len(sources)
    attention, found = measured_heads(run, "cross", lambda matrices: linked_words(matrices, queries, keys, shape))
    return attention, counted_links(found, links), counted_links(monotone_links(*shape), links)
