"""From the options of a command to its corpus: which texts, through which model."""

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar, cast

from attnviz.analysis.matrices.selection import Request
from attnviz.cli.groups.attention import (
    AttentionOptions,
    alignment_results,
    attention_results,
    check_elsewhere,
    labels_of,
)
from attnviz.cli.groups.labels import with_labels
from attnviz.cli.groups.loading import load_options, loaded
from attnviz.cli.groups.many import ManyOptions, WorkerOptions
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.groups.text_files import TextsInput, refuse_text_options
from attnviz.cli.options import (
    AttentionSource,
    CommonOptions,
    InputOptions,
    ManySource,
    SelectionOptions,
    SharedSource,
    Source,
)
from attnviz.cli.streams import is_watched, note, sweep_progress
from attnviz.errors import UsageError
from attnviz.model import Model
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.preparation import prepare_vectors
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.texts import file_pairs
from attnviz.sweeps.work import Parts

ValueT = TypeVar("ValueT")

_SOURCES = ("text", "file", "vectors", "attention")


def corpus_of(source: Source, *, prints: bool = True, labels: Path | None = None) -> Corpus:
    """The texts, vectors or attention that the options name.

    Args:
        source: the options of the input and of the model.
        prints: whether values are printed as they come, so that a terminal has no room for progress.
        labels: a file of labels of heads.

    Raises:
        UsageError: options that exclude each other, or no input at all.
        InputError: a file that cannot be read.
    """
    inputs, common = source.inputs, source.common
    elsewhere = source.elsewhere if isinstance(source, AttentionSource) else AttentionOptions()
    if elsewhere.alignment is None:
        _check_sources(inputs, common)
    check_elsewhere(inputs, elsewhere)
    many = source.many if isinstance(source, ManySource) else ManyOptions()
    workers = source.workers if isinstance(source, SharedSource) else WorkerOptions(workers=1)
    noted = partial(note, common)
    slow = noted if is_watched(common) else None
    if inputs.attention is not None or inputs.vectors is not None:
        refuse_text_options(inputs, source.texts)
    if inputs.attention is not None or elsewhere.alignment is not None:
        return _attention_corpus(source, elsewhere, Corpus(note=noted, slow=slow, on_error=many.on_error), labels)
    texts = TextsInput(inputs, source.texts, noted) if inputs.vectors is None else None
    is_decoder, has_vectors = texts is not None and texts.has_target, texts is None
    loading = load_options(source.models, source.block, common, labels, decoder=is_decoder, has_vectors=has_vectors)
    shared: dict[str, Any] = {
        # once: with --generate the model itself says whether there is a target
        "open_model": lru_cache(1)(partial(loaded, loading, common)),
        "note": noted,
        "slow": slow,
        "threads": many.threads,
    }
    if texts is None:
        return Corpus(vectors=_prepared_vectors(inputs, loading), **shared)
    return Corpus(
        texts=texts.texts,
        layout=texts.layout,
        parts=Parts(inputs.pair, inputs.target, inputs.pad_to, inputs.truncate, inputs.generate, inputs.stop),
        loading=loading | {"progress": False},
        on_error=many.on_error,
        workers=workers.workers,
        dask=workers.dask,
        progress=partial(sweep_progress, common, prints=prints),
        **shared,
    )


def _attention_corpus(source: Source, elsewhere: AttentionOptions, corpus: Corpus, labels: Path | None) -> Corpus:
    """The corpus with the attention of a file, or of standard input.

    Raises:
        UsageError: options of a model.
    """
    groups = (source.models, source.block)
    flags = [name for group in groups for name in group.values_by_name() if name not in group.from_variables]
    if flags:
        raise UsageError(f"{', '.join(flags)}: there is no model to run on --attention; expected none of them")
    skips = corpus.on_error == "skip"
    if elsewhere.alignment is not None:
        pairs = _pairs(source, corpus.note)
        name, results = alignment_results(source.inputs, elsewhere, pairs, corpus.note, skip_errors=skips)
    else:
        name, results = attention_results(source.inputs, elsewhere, corpus.note, skip_errors=skips)
    return replace(corpus, results=results if labels is None else with_labels(results, labels), name=name)


def _pairs(source: Source, note: Callable[[str], None]) -> Iterator[tuple[str, str]] | None:
    """The source and the target of each text that is given beside an alignment; None without one.

    Raises:
        UsageError: a file whose texts have no target.
    """
    inputs = source.inputs
    if inputs.text is not None and inputs.target is not None:
        return iter([(inputs.text, inputs.target)])
    if inputs.file is None:
        return None
    texts = TextsInput(inputs, source.texts, note)
    if not texts.layout.has_target:
        raise UsageError(
            "alignment, file: its texts have no target; expected lines SOURCE ||| TARGET (--format pairs), or "
            "--target-field NAME"
        )
    return file_pairs(texts.texts, texts.layout)


def _prepared_vectors(inputs: InputOptions, loading: Mapping[str, Any]) -> Callable[[Model], Prepared]:
    """What makes the vectors of a file ready; a model of random weights is as wide as they are."""
    from attnviz.elsewhere.vectors import read_vectors

    vectors = read_vectors(cast("Path", inputs.vectors))
    if not {"weights", "model"} & set(loading):
        loading["fields"].setdefault("d_model", vectors.shape[1])
    return partial(prepare_vectors, vectors=vectors, labels=labels_of(inputs.tokens, "tokens"))


def request_of(selection: SelectionOptions, parts: PartOptions | None = None, *, people: bool) -> Request:
    """The selection as a request.

    Args:
        selection: the options.
        parts: the options on rows, columns and segments.
        people: whether people see the result: whole words and no special tokens, unless they ask for them. Programs
            get tokens and everything.
    """
    words = people if selection.words is None else selection.words
    hide_special = people if selection.hide_special is None else selection.hide_special
    request = Request(
        layers="all" if selection.layer is None else selection.layer,
        heads="all" if selection.head is None else selection.head,
        kinds=None if selection.kind is None else (selection.kind,),
        values=selection.values,
        reduce=selection.reduce,
        words=words,
        hide_special=hide_special,
        lenient=frozenset(name for name in ("words", "hide_special") if getattr(selection, name) is None),
    )
    request = request if parts is None else parts.request(request)
    return replace(request, renormalize=selection.renormalize)


def peeked(values: Iterator[ValueT]) -> tuple[bool, Iterator[ValueT]]:
    """Whether there are several values, and all of them."""
    first = list(islice(values, 2))
    return len(first) > 1, chain(first, values)


def _has_piped_bytes() -> bool:
    """Whether standard input is a pipe with something in it already."""
    try:
        descriptor = sys.stdin.fileno()
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode) or not select.select([descriptor], [], [], 0)[0]:
            return False
        return isinstance(sys.stdin.buffer, BufferedReader) and bool(sys.stdin.buffer.peek(1))
    except (OSError, ValueError, AttributeError):  # no standard input, or not one of the system's
        return False


def _is_file(text: str) -> bool:
    try:
        return text != "-" and Path(text).is_file()
    except (OSError, ValueError):  # a text that cannot be a name
        return False


def _check_sources(inputs: InputOptions, common: CommonOptions) -> None:
    named = [name for name in _SOURCES if getattr(inputs, name) is not None]
    if len(named) > 1:
        raise UsageError(f"{', '.join(named)}: {len(named)} inputs are given; expected one")
    wants_stdin = not named or "-" in (inputs.text, inputs.attention, inputs.file)
    if wants_stdin and (sys.stdin is None or (not named and sys.stdin.isatty())):
        raise UsageError(
            "text: there is none; expected TEXT, --file, or text on standard input",
            hint=f'for example: attnviz {inputs.command} "The cat sat on the table"',
        )
    # Only for somebody who watches: the standard input of a script may be the script.
    if not wants_stdin and is_watched(common) and _has_piped_bytes():
        command = inputs.command or "diff"
        note(common, f"the piped text is not read, as {named[0]} is given; to read it: attnviz {command} -")
    if inputs.text is not None and named == ["text"] and _is_file(inputs.text):
        note(common, f"treating {inputs.text} as text; to read that file use --file {inputs.text}")
    if inputs.tokens is not None and not {"vectors", "attention"} & set(named):
        raise UsageError("tokens: labels are for --vectors and --attention; expected one of them")
    if {"vectors", "attention"} & set(named):
        for name in ("pair", "target", "generate", "stop", "pad_to"):
            if getattr(inputs, name) is not None:
                raise UsageError(f"{name.replace('_', '-')}, {named[0]}: both are given; expected one of them")
