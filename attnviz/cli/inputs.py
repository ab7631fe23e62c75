"""From the input options to what a command looks at, one text after the other."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from attnviz.analysis.matrices.selection import Request, select_attention
from attnviz.cli.corpus import Windows, Work, swept
from attnviz.cli.options import (
    BlockOptions,
    CommonOptions,
    InputOptions,
    ManyOptions,
    ModelOptions,
    SelectionOptions,
)
from attnviz.cli.streams import is_watched, note
from attnviz.errors import UsageError, some
from attnviz.model import BUNDLED, Model, load
from attnviz.sweeps.machine import Threads, usable_cpus
from attnviz.sweeps.preparation import prepare_vectors
from attnviz.sweeps.runs import Prepared, Run
from attnviz.text.reading import check_text
from attnviz.text.tokenizer import raw_labels
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result

Value = TypeVar("Value")

_MANY = 32  # tokens, from which on what takes more than a moment says so
# Of the bundled model: the layer whose heads follow syntax best, and of them the one that finds subjects and the nouns
# of adjectives and articles (the figures stand in its model card).
FIRST_LAYER, FIRST_HEAD = 2, 8
_SOURCES = ("text", "file", "vectors", "attention")


def request_of(selection: SelectionOptions) -> Request:
    """The selection as the library states it."""
    return Request(
        layers="all" if selection.layer is None else selection.layer,
        heads="all" if selection.head is None else selection.head,
        kinds=None if selection.kind is None else (selection.kind,),
        values=selection.values,
        reduce=selection.reduce,
        words=selection.words,
        hide_special=selection.hide_special,
        renormalize=selection.renormalize,
    )


def uses_bundled(inputs: InputOptions, models: ModelOptions, block: BlockOptions) -> bool:
    """Whether a text is run through the bundled model, as it is."""
    elsewhere = (inputs.vectors, inputs.attention, inputs.target) != (None, None, None)
    told = models.given()
    if told == {"model": BUNDLED} and not Path(BUNDLED).exists():
        told = {}
    return not (elsewhere or block.given() or told)


def results(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    common: CommonOptions,
    request: Request,
) -> Iterator[Result]:
    """One result a text, each computed when it is asked for.

    Raises:
        UsageError: options that exclude each other, or no input at all.
        InputError: input that cannot be read or is invalid; of several texts, the message names the line.
    """
    found = swept_runs(inputs, models, block, common, request, _itself, ManyOptions())
    return (run.result() for _, run in found)


def swept_runs(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    common: CommonOptions,
    request: Request,
    each: Callable[..., Value],
    many: ManyOptions,
    *,
    besides: Callable[[Model, list[Prepared]], Iterable[Any]] | None = None,
    workers: int | None = 1,
    prints: bool = True,
    most: int = 256,
    beside: bool = False,
) -> Iterator[tuple[str, Value]]:
    """What ``each`` makes of every text's run, with where the text stands: ``texts.txt, line 3``, or nowhere.

    Args:
        inputs: the texts, vectors, or attention from elsewhere.
        models: where the weights come from.
        block: fields of the block.
        common: whether notes and progress are wanted.
        request: what is wanted of each run.
        each: makes a value of a run; with several workers the value is sent from one process to another.
        many: what becomes of a line that cannot be used, and how many threads there are.
        besides: given the model and some texts, what ``each`` is to have of each of them besides its run.
        workers: processes that share the lines of a file or a pipe; None for as many as there are CPUs.
        prints: whether the values are printed as they come.
        most: texts that are looked at together; fewer where values are large.
        beside: whether ``each`` works beside the run of a long text, and takes as long.

    Raises:
        UsageError, InputError: as ``results``.
    """
    _check_sources(inputs, common)
    if inputs.attention is not None:
        flags = [name for group in (models, block) for name in group.given() if name not in group.from_variables]
        if flags:
            raise UsageError(f"{', '.join(flags)}: there is no model to run on --attention; expected none of them")
        for where, result in _read(inputs, common, request):
            yield where, each(Run.of(result))
        return
    cpus = usable_cpus()
    workers = (workers or cpus) if inputs.is_stream else 1
    threads = Threads(many.threads, cpus // (2 if beside else 1) or 1, workers)
    if inputs.vectors is not None:
        model, prepared = _prepared_vectors(inputs, models, block, common)
        _before(threads, common, request, prepared.n_tokens)
        yield "", each(*next(Work(model, inputs, each, request, besides).given([prepared])))
        return
    with Windows.of(inputs, most=most) as windows:
        loading = _model_options(inputs, models, block, common)
        model = loaded(loading, common)
        warned = common if workers == 1 else None
        before = partial(_before, threads, warned, request)
        work = Work(model, inputs, each, request, besides, before, loading | {"progress": False})
        yield from swept(work, windows, common, many, workers=workers, prints=prints)


def peeked(found: Iterator[Value]) -> tuple[bool, Iterator[Value]]:
    """Whether there are several, and all of them."""
    first = list(islice(found, 2))
    return len(first) > 1, chain(first, found)


def _itself(value: Value) -> Value:
    return value


def _before(threads: Threads, common: CommonOptions | None, request: Request, n_tokens: int) -> None:
    threads.fit(n_tokens)
    if common is not None:
        say_if_slow(common, request, n_tokens)


def labelled(attention: Attention, *, raw: bool) -> Attention:
    """The same attention; with ``--raw-tokens`` labelled in the tokenizer's own spelling."""
    if not raw:
        return attention
    return replace(attention, queries=raw_labels(attention.queries), keys=raw_labels(attention.keys))


def prepared_inputs(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    common: CommonOptions,
) -> tuple[Model, Iterator[Prepared]]:
    """The model, and the texts (or the vectors) made ready for it."""
    _check_sources(inputs, common)
    if inputs.vectors is not None:
        model, prepared = _prepared_vectors(inputs, models, block, common)
        return model, iter([prepared])
    model = loaded(_model_options(inputs, models, block, common), common)

    def texts() -> Iterator[Prepared]:
        with Windows.of(inputs) as windows:
            work = Work(model, inputs, _itself)
            found = swept(work, windows, common, ManyOptions(), workers=1, prints=True)
            yield from (prepared for _, prepared in found)

    return model, texts()


def _prepared_vectors(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions
) -> tuple[Model, Prepared]:
    from attnviz.elsewhere.vectors import read_vectors

    options = _model_options(inputs, models, block, common)
    vectors = read_vectors(inputs.vectors)
    if not {"weights", "model"} & set(options):
        options["fields"].setdefault("d_model", vectors.shape[1])
    model = loaded(options, common)
    return model, prepare_vectors(model, vectors, _labels(inputs))


def _model_options(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions
) -> dict[str, Any]:
    """What ``load`` gets. Of a model, weights and a seed, those that were given as flags win over variables."""
    options, fields = models.given(), block.given()
    origins = {name: models for name in ("model", "weights") if name in options}
    origins |= {"seed": block} if "seed" in fields else {}
    flags = [name for name, group in origins.items() if name not in group.from_variables]
    for name in origins if flags else ():
        if name not in flags:
            (fields if name == "seed" else options).pop(name)
    return options | {"fields": fields, "decoder": inputs.target is not None, "progress": is_watched(common)}


def loaded(options: dict[str, Any], common: CommonOptions) -> Model:
    """The model, with its notes and one more where its files hold tensors that are not known."""
    model = load(**options)
    if model.unknown:
        many = len(model.unknown) > 1
        note(
            common,
            f"{model.info.name}: {len(model.unknown)} tensor{'s are' if many else ' is'} not known and not used "
            f"({some(model.unknown)})",
        )
    for text in model.notes:
        note(common, f"{model.name}: {text}")
    return model


def say_if_slow(common: CommonOptions, request: Request, n: int) -> None:
    """Where somebody waits at a terminal: why it takes so long."""
    slow = request.reduce if request.reduce == "flow" else request.values
    if slow in ("flow", "zeroing") and n > _MANY and is_watched(common):
        note(common, f"{slow} of {n} tokens can take a minute")


def _read(inputs: InputOptions, common: CommonOptions, request: Request) -> Iterator[tuple[str, Result]]:
    from attnviz.elsewhere.attention_file import read_attention

    from_stdin = inputs.attention == "-"
    source = sys.stdin.buffer if from_stdin else Path(inputs.attention)
    name = "standard input" if from_stdin else source.name
    told = partial(note, common)
    scores = request.values == "scores"
    found = read_attention(source, name=name, token_labels=_labels(inputs), scores=scores, note=told)
    said: set[str] = set()
    for number, result in enumerate(found, start=1):
        say_if_slow(common, request, max(len(result.tokens), len(result.target_tokens)))
        selected = select_attention(result, request)
        for reason in _without_effect(request, result):
            if reason not in said:  # once a file
                note(common, f"{name}: {reason}")
                said.add(reason)
        yield f"{name}, text {number}", selected


def _without_effect(request: Request, result: Result) -> Iterator[str]:
    """Which options change nothing of a result from elsewhere, and why."""
    tokens, views = (*result.tokens, *result.target_tokens), result.views.values()
    if request.hide_special and not any(token.special for token in tokens) and not any(view.hidden for view in views):
        yield "no token is known to be special; --hide-special changes nothing"
    if request.words and all(token.word is None for token in tokens) and not any(view.words for view in views):
        yield "no token is known to be part of a word; --words changes nothing"


def _labels(inputs: InputOptions) -> list[str] | None:
    if inputs.tokens is None:
        return None
    check_text(inputs.tokens, "tokens")
    return inputs.tokens.split()


def _is_file(text: str) -> bool:
    try:
        return text != "-" and Path(text).is_file()
    except (OSError, ValueError):  # a text that can be no name
        return False


def _check_sources(inputs: InputOptions, common: CommonOptions) -> None:
    chosen = [name for name in _SOURCES if getattr(inputs, name) is not None]
    if len(chosen) > 1:
        raise UsageError(f"{', '.join(chosen)}: {len(chosen)} inputs are given; expected one")
    wants_stdin = not chosen or "-" in (inputs.text, inputs.attention)
    if wants_stdin and (sys.stdin is None or (not chosen and sys.stdin.isatty())):
        raise UsageError(
            "text: there is none; expected TEXT, --file, or text on standard input",
            hint=f'for example: attnviz {inputs.command} "The cat sat on the mat"',
        )
    if chosen == ["text"] and _is_file(inputs.text):
        note(common, f"{inputs.text} is taken for a text, and is the name of a file: --file reads the texts in it")
    if inputs.tokens is not None and not {"vectors", "attention"} & set(chosen):
        raise UsageError("tokens: labels are for --vectors and --attention; expected one of them")
    if {"vectors", "attention"} & set(chosen):
        for name in ("pair", "target", "pad_to"):
            if getattr(inputs, name) is not None:
                raise UsageError(f"{name.replace('_', '-')}, {chosen[0]}: both are given; expected one of them")
