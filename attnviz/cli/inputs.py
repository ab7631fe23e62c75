"""From the input options to what a command looks at, one text after the other."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from attnviz.analysis.selection import Request, select_attention
from attnviz.api import Prepared, prepare, prepare_vectors, run_prepared
from attnviz.cli.options import BlockOptions, CommonOptions, InputOptions, ModelOptions, SelectionOptions
from attnviz.cli.streams import is_watched, note
from attnviz.errors import AttnvizError, UsageError, one_line, some
from attnviz.model import BUNDLED, Model, load
from attnviz.numbers import spans
from attnviz.text.reading import check_text
from attnviz.text.tokenizer import raw_labels
from attnviz.trace import Attention, Result

_LONG = 40  # characters of a word in a note
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
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions, request: Request
) -> Iterator[Result]:
    """One result a text, each computed when it is asked for.

    Raises:
        UsageError: options that exclude each other, or no input at all.
        InputError: input that cannot be read or is invalid; of several texts, the message names the line.
    """
    return (result for _, result in placed_results(inputs, models, block, common, request))


def placed_results(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions, request: Request
) -> Iterator[tuple[str, Result]]:
    """The same, each with where its text stands: ``texts.txt, line 3``; nowhere for the command line's own.

    Raises:
        UsageError, InputError: as ``results``.
    """
    _check_sources(inputs)
    if inputs.attention is not None:
        flags = [name for group in (models, block) for name in group.given() if name not in group.from_variables]
        if flags:
            raise UsageError(f"{', '.join(flags)}: there is no model to run on --attention; expected none of them")
        yield from _read(inputs, common, request)
        return
    model, prepared = _placed_inputs(inputs, models, block, common)
    for where, one in prepared:
        say_if_slow(common, request, max(len(one.tokens), len(one.target_tokens)))
        yield where, run_prepared(model, one, request)


def labelled(attention: Attention, *, raw: bool) -> Attention:
    """The same attention; with ``--raw-tokens`` labelled in the tokenizer's own spelling."""
    if not raw:
        return attention
    return replace(attention, queries=raw_labels(attention.queries), keys=raw_labels(attention.keys))


def prepared_inputs(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions
) -> tuple[Model, Iterator[Prepared]]:
    """The model, and the texts (or the vectors) made ready for it."""
    model, placed = _placed_inputs(inputs, models, block, common)
    return model, (prepared for _, prepared in placed)


def _placed_inputs(
    inputs: InputOptions, models: ModelOptions, block: BlockOptions, common: CommonOptions
) -> tuple[Model, Iterator[tuple[str, Prepared]]]:
    """The same, each text with where it stands."""
    _check_sources(inputs)
    options = _model_options(models, block, common)
    if inputs.vectors is None:
        texts = _texts(inputs, common)
        model = loaded(options | {"decoder": inputs.target is not None}, common)
        return model, ((where, _prepared(model, inputs, where, text, common)) for where, text in texts)
    from attnviz.checkpoints.vectors_file import read_vectors

    vectors = read_vectors(inputs.vectors)
    if not {"weights", "model"} & set(options):
        options["fields"].setdefault("d_model", vectors.shape[1])
    model = loaded(options, common)
    return model, iter([("", prepare_vectors(model, vectors, _labels(inputs)))])


def _model_options(models: ModelOptions, block: BlockOptions, common: CommonOptions) -> dict[str, Any]:
    """What ``load`` gets. Of a model, weights and a seed, those that were given as flags win over variables."""
    options, fields = models.given(), block.given()
    origins = {name: models for name in ("model", "weights") if name in options}
    origins |= {"seed": block} if "seed" in fields else {}
    flags = [name for name, group in origins.items() if name not in group.from_variables]
    for name in origins if flags else ():
        if name not in flags:
            (fields if name == "seed" else options).pop(name)
    return options | {"fields": fields, "progress": is_watched(common)}


def loaded(options: dict[str, Any], common: CommonOptions) -> Model:
    """The model, with a note where its files hold something that is not known."""
    model = load(**options)
    if model.unknown:
        many = len(model.unknown) > 1
        note(
            common,
            f"{model.info.name}: {len(model.unknown)} tensor{'s are' if many else ' is'} not known and not used "
            f"({some(model.unknown)})",
        )
    return model


def _prepared(model: Model, inputs: InputOptions, where: str, text: str, common: CommonOptions) -> Prepared:
    try:
        prepared = prepare(model, text, pair=inputs.pair, target=inputs.target, pad_to=inputs.pad_to)
    except AttnvizError as error:
        if not where:
            raise
        raise type(error)(f"{where}: {error}", error.hint) from error
    unknown = getattr(model.tokenizer, "unknown", None)
    read = [t for t in (*prepared.tokens, *prepared.target_tokens) if t.piece == unknown and not t.special]
    if unknown is not None and read:
        words = some([one_line(t.text if len(t.text) <= _LONG else f"{t.text[:_LONG]}…") for t in read])
        note(common, f"{f'{where}: ' if where else ''}not in the vocabulary of {model.info.name}: {words}")
    return prepared


def _texts(inputs: InputOptions, common: CommonOptions) -> Iterator[tuple[str, str]]:
    """Each text, and where it stands in its file; nowhere for the command line's own."""
    from attnviz.text.reading import open_lines

    if inputs.file is not None:
        with open_lines(inputs.file) as stream:
            yield from _lines(stream, str(inputs.file), common)
    elif inputs.text is None or inputs.text == "-":
        yield from _lines(sys.stdin.buffer, "standard input", common)
    else:
        yield "", inputs.text


def _lines(stream: BinaryIO, name: str, common: CommonOptions) -> Iterator[tuple[str, str]]:
    from attnviz.text.reading import read_lines

    lines = read_lines(stream, name)
    for number, text in lines:
        yield f"{name}, line {number}", text
    if lines.blank:
        note(common, f"{name}: skipped blank line{'s' * (len(lines.blank) > 1)} {spans(tuple(lines.blank))}")


def say_if_slow(common: CommonOptions, request: Request, n: int) -> None:
    """Where somebody waits at a terminal: why it takes so long."""
    slow = request.reduce if request.reduce == "flow" else request.values
    if slow in ("flow", "zeroing") and n > _MANY and is_watched(common):
        note(common, f"{slow} of {n} tokens can take a minute")


def _read(inputs: InputOptions, common: CommonOptions, request: Request) -> Iterator[tuple[str, Result]]:
    from attnviz.checkpoints.attention_file import read_attention

    from_stdin = inputs.attention == "-"
    source = sys.stdin.buffer if from_stdin else Path(inputs.attention)
    name = "standard input" if from_stdin else source.name
    found = read_attention(source, name=name, token_labels=_labels(inputs), scores=request.values == "scores")
    for number, result in enumerate(found, start=1):
        say_if_slow(common, request, max(len(result.tokens), len(result.target_tokens)))
        yield f"{name}, text {number}", select_attention(result, request)


def _labels(inputs: InputOptions) -> list[str] | None:
    if inputs.tokens is None:
        return None
    check_text(inputs.tokens, "tokens")
    return inputs.tokens.split()


def _check_sources(inputs: InputOptions) -> None:
    chosen = [name for name in _SOURCES if getattr(inputs, name) is not None]
    if len(chosen) > 1:
        raise UsageError(f"{', '.join(chosen)}: {len(chosen)} inputs are given; expected one")
    wants_stdin = not chosen or "-" in (inputs.text, inputs.attention)
    if wants_stdin and (sys.stdin is None or (not chosen and sys.stdin.isatty())):
        raise UsageError(
            "text: there is none; expected TEXT, --file, or text on standard input",
            hint='for example: attnviz show "The cat sat on the mat"',
        )
    if inputs.tokens is not None and not {"vectors", "attention"} & set(chosen):
        raise UsageError("tokens: labels are for --vectors and --attention; expected one of them")
    if {"vectors", "attention"} & set(chosen):
        for name in ("pair", "target", "pad_to"):
            if getattr(inputs, name) is not None:
                raise UsageError(f"{name.replace('_', '-')}, {chosen[0]}: both are given; expected one of them")
