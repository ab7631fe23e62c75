"""Many texts through one model, one value per text."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, overload

from attnviz.analysis.choices.token_choice import TokenChoice
from attnviz.analysis.matrices.selection import Request
from attnviz.errors import UsageError
from attnviz.model import Model, PathOrText, load, opened_model
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.run import Run
from attnviz.sweeps.texts import is_stream, layout_of
from attnviz.sweeps.work import Parts
from attnviz.text.files.sources import TextFiles, text_source
from attnviz.text.layout import FileLayout
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from attnviz.output.documents.stream import ModelLine

_LINES_AT_ONCE = 64  # of JSON, each perhaps a megabyte

ValueT = TypeVar("ValueT")
Selection = str | int | tuple[int, ...]
TextSource = str | Path | TextFiles | BinaryIO | Result | Iterable[str] | Iterable[Result] | Corpus


def result_of(run: Run) -> Result:
    """The result of a run."""
    return run.result()


def run_line(
    run: Run, *, precision: int | None = None, top: int | None = None, received: bool = False, placed: bool = False
) -> "ModelLine":
    """The line that ``attnviz show --json`` prints for a run, cut at its model.

    Args:
        run: of one text.
        precision: decimals; by default all that a float has.
        top: edges to the ``top`` keys of each row, not matrices.
        received: add the means of the columns.
        placed: add ``where``, the text's place in its file, as texts may be left out.
    """
    from attnviz.output.documents.results import edges_document, result_document
    from attnviz.output.documents.stream import model_line

    if run.is_long and top is not None:
        document = edges_document(run.bare, run.parts(), precision=precision, top=top, received=received)
    else:
        document = result_document(run.result(), precision=precision, top=top, received=received)
    return model_line(document | place_fields(run, placed=placed))


def place_fields(run: Run, *, placed: bool) -> dict[str, object]:
    """``where`` of a JSON line, the text's place in its file, where texts may be left out."""
    return {"where": run.bare.where} if placed and run.bare.where else {}


def json_lines(
    texts: TextSource,
    *,
    request: Request,
    precision: int | None = None,
    top: int | None = None,
    received: bool = False,
    model_info: bool = False,
    **corpus_options: Any,
) -> Iterator[bytes]:
    """The lines that ``attnviz show --json`` prints, one per text; the first has all fields of the model.

    Args:
        texts: see ``sweep``.
        request: what is computed of each text.
        precision: decimals; by default all that a float has.
        top: edges to the ``top`` keys of each row, not matrices.
        received: add the means of the columns: each key's mean share over the rows.
        model_info: all fields of the model in every line.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: matrices of heads that are chosen by name and are not a grid of layers and heads.
    """
    from attnviz.output.documents.stream import joined_lines

    if top is None:
        request = request.of_grid("JSON without --top K")
    source = corpus(texts, **corpus_options)
    placed = source.on_error == "skip"
    line = partial(run_line, precision=precision, top=top, received=received, placed=placed)
    lines = (line for _, line in source.values(request, line, most=_LINES_AT_ONCE))
    saving = source.saving
    is_first = (lambda: False) if saving is None else (lambda: saving.is_new_window)
    return joined_lines(lines, model_info=model_info, is_first=is_first)


def without_choice(request: Request) -> Request:
    """The request for whole matrices, from which a view takes the rows and columns that are chosen."""
    if not request.choice:
        return request
    return replace(request, rows=None, columns=None, hide_special=False, renormalize=False)


def chosen_run(choice: TokenChoice | None, run: Run) -> Run:
    """The run with its result there, if its text has the tokens that are chosen.

    Raises:
        TokenChoiceError: it does not have them.
    """
    run = run.done()
    if choice is not None:
        part = next(iter(run.parts()))
        choice.kept(part.queries, part.keys)
    return run


@overload
def sweep(texts: TextSource, *, request: Request | None = None, **options: Any) -> Iterator[Result]: ...


@overload
def sweep(
    texts: TextSource, each: Callable[[Run], ValueT], *, request: Request | None = None, **options: Any
) -> Iterator[ValueT]: ...


def sweep(
    texts: TextSource,
    each: Callable[[Run], Any] = result_of,
    *,
    layers: Selection = "all",
    heads: Selection = "all",
    kinds: tuple[str, ...] | None = None,
    values: str | None = None,
    reduce: str = "none",
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    request: Request | None = None,
    **corpus_options: Any,
) -> Iterator[Any]:
    """One value per text, in the order of the texts; short texts of equal length run together.

    >>> import attnviz
    >>> [result.attention.shape for result in attnviz.sweep(["The cat sat", "A dog"], model=attnviz.load(seed=0))]
    [(2, 4, 3, 3), (2, 4, 2, 2)]

    Args:
        texts: one text, several, or a ``Path`` with one text per line, which may be a folder or a pattern; or results
            of ``run`` or ``read_attention``.
        each: makes the value of a run; with several workers it must be a function that can be pickled.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: which heads, in the same forms as ``layers``, or by name: ``"L2H8,L1H7"``.
        kinds: which attention: ``encoder``, ``decoder``, ``cross``; by default each that the model has.
        values: ``weights`` by default, ``scores``, ``norms`` or ``zeroing``, as in ``run``.
        reduce: ``none``, ``mean-heads``, ``mean``, ``max``, ``rollout`` or ``flow``, as in ``run``.
        words: merge the pieces of words.
        hide_special: leave out special tokens.
        renormalize: divide the rows that are left by their sums; only with ``hide_special``.
        request: a whole request, instead of the eight above.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: a layer or head that is not there; options that do not fit.
        InputError: a text that cannot be used, unless ``on_error`` is ``skip``.
    """
    selection = Request(layers, heads, kinds, values, reduce, words, hide_special, renormalize)
    request = one_request(request, selection, Request())
    return (value for _, value in corpus(texts, **corpus_options).values(request, each))


def one_request(request: Request | None, selection: Request, default: Request) -> Request:
    """The request that is given whole, or as a selection of layers, heads and so on.

    Args:
        request: the whole one.
        selection: made of the other arguments.
        default: the selection without any other argument.

    Raises:
        UsageError: both are given.
    """
    if request is not None and selection != default:
        raise UsageError("request: layers, heads or other options are given too; expected one or the other")
    return request or selection


def corpus(
    texts: TextSource,
    *,
    model: Model | PathOrText | None = None,
    pair: str | None = None,
    target: str | None = None,
    generate: int | None = None,
    stop: str | None = None,
    on_error: str = "stop",
    workers: int | None = 1,
    dask: str | None = None,
    threads: int | None = None,
    note: Callable[[str], None] | None = None,
    layout: FileLayout = FileLayout(),  # noqa: B008 (frozen)
) -> Corpus:
    """Texts or results, ready to be run; a corpus is returned as it is.

    Args:
        texts: see ``sweep``.
        model: from ``load``, or a folder, a file or an id for it; by default the bundled model, or with a target random
            weights.
        pair: a second segment of each text.
        target: a target text of each text.
        generate: the most tokens that the model writes after each text, or as its target.
        stop: a text that ends what it writes.
        on_error: at a text that cannot be used: ``stop``, or ``skip`` it with a note.
        workers: processes; None for as many as there are CPUs. More than one needs a system that can fork.
        dask: the address of a Dask scheduler whose workers run the texts of a file or a pipe, or ``local:N``.
        threads: threads that compute a text; None for those that NumPy has: in the command one, of long texts all CPUs.
        note: called with each note.
        layout: of a file, how it holds texts: ``FileLayout("csv", field="sentence")``; by default as its name says.

    Raises:
        UsageError: a model beside results, which have one.
    """
    if isinstance(texts, Corpus):
        return texts
    notes: list[str] = []
    if isinstance(texts, Path):
        texts = text_source(texts)
    if isinstance(texts, Path | TextFiles) or is_stream(texts):
        layout, notes = layout_of(texts, layout, is_alone=pair is None and target is None)
    parts = Parts(pair, target, generate=generate, stop=stop)
    made = _corpus(texts, None if model is None else opened_model(model), parts, layout)
    if note is not None:
        made = replace(made, note=note)
    for remark in notes:
        made.note(remark)
    if made.results is not None:
        return made
    return replace(made, on_error=on_error, workers=workers, dask=dask, threads=threads)


def _corpus(
    texts: str | Path | TextFiles | BinaryIO | Result | Iterable[str] | Iterable[Result],
    model: Model | None,
    parts: Parts,
    layout: FileLayout,
) -> Corpus:
    """A corpus of results, or of texts and what belongs to each."""
    if isinstance(texts, str | Path | TextFiles) or is_stream(texts):
        return _corpus_of_texts(texts, model, parts, layout)
    several = [texts] if isinstance(texts, Result) else list(texts)
    results = [one for one in several if isinstance(one, Result)]
    strings = [one for one in several if isinstance(one, str)]
    if len(results) < len(several) > len(strings):
        raise UsageError("texts: expected texts alone, or results alone, not both or anything else")
    if not results:
        return _corpus_of_texts(strings, model, parts, layout)
    if model is not None or parts != Parts():
        raise UsageError("model, pair, target, generate: results have run already; expected results alone, or texts")
    numbered = [(f"result {number}", result) for number, result in enumerate(results, start=1)]
    return Corpus(results=lambda request: numbered, name="results")  # noqa: ARG005 (results hold their values)


def _corpus_of_texts(
    texts: str | Path | TextFiles | BinaryIO | list[str], model: Model | None, parts: Parts, layout: FileLayout
) -> Corpus:
    decoder = parts.target is not None or (not isinstance(texts, str | list) and layout.has_target)
    opened = partial(load, decoder=decoder) if model is None else lambda: model
    loading = {"decoder": decoder} if model is None else model.loading
    return Corpus(opened, texts=texts, parts=parts, layout=layout, loading=loading)
