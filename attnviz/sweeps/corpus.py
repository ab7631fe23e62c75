"""Many texts: read as they arrive, run in batches, perhaps in several processes, and handed on in their order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Generic, NamedTuple, TypeVar

from attnviz.analysis.matrices.selection import Request, select_attention
from attnviz.errors import InputError, UsageError
from attnviz.model import Model
from attnviz.records import dataclass
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.run import NO_MODEL, Run
from attnviz.sweeps.saved.windows import WindowFolder
from attnviz.sweeps.sharing.machine import Threads, usable_cpus
from attnviz.sweeps.texts import PlacedTexts, Texts, Window, is_stream, opened_texts
from attnviz.sweeps.work import Companions, Parts, TextOutcome, WindowTotal, Work
from attnviz.text.files.sources import TextFiles
from attnviz.text.layout import FileLayout
from attnviz.trace.result import Result

ValueT = TypeVar("ValueT")
FoldT = TypeVar("FoldT", bound=WindowTotal)
Results = Callable[[Request], Iterable[tuple[str, Result]]]
Progress = Callable[[int | None], AbstractContextManager[Callable[[int, int], None] | None]]

_MANY = 32  # tokens, above which slow values are worth a note
_MOST = 256  # texts in a window


def _quiet(text: str) -> None:
    """Drops a note."""


def _unwatched(size: int | None) -> AbstractContextManager[None]:  # noqa: ARG001 (the signature is that of Progress)
    """Shows no progress."""
    return nullcontext()


class KeptTotals(NamedTuple, Generic[FoldT]):
    """How a total becomes bytes, and is read from its file."""

    data: Callable[[FoldT], bytes]
    read: Callable[[Path], FoldT]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts, vectors, or attention from elsewhere; how they are run, and where notes go.

    Exactly one of ``texts``, ``vectors`` and ``results`` is given.

    Attributes:
        open_model: loads the model, when it is needed; None for attention from elsewhere.
        texts: one text, several, a file with one per line or several files, or an open stream of bytes.
        vectors: makes vectors ready for the model.
        results: gives attention from elsewhere, each with its place; called with what is asked of it.
        name: the name of the input of ``results`` in notes.
        parts: belongs to each text.
        layout: how a file or a stream holds its texts.
        loading: the arguments of ``load``, for processes that do not inherit the model.
        saving: where results are kept, one file a window; None where they are not.
        on_error: at a text that cannot be used: ``stop``, or ``skip`` it with a note.
        workers: processes; None for as many as there are CPUs.
        dask: the address of a Dask scheduler whose workers run the texts, or ``local:N``; None for this machine.
        threads: threads that compute a text; None for those that NumPy has: in the command one, of long texts all CPUs.
        note: called with each note.
        slow: called with a note on what takes long; None where nobody waits.
        progress: called with the number of bytes, if known; gives a context with a function of (texts, bytes) so far.
    """

    open_model: Callable[[], Model] | None = None
    texts: str | Iterable[str] | PlacedTexts | Path | TextFiles | BinaryIO | None = None
    vectors: Callable[[Model], Prepared] | None = None
    results: Results | None = None
    name: str = "attention"
    parts: Parts = Parts()
    layout: FileLayout = FileLayout()
    loading: Mapping[str, Any] | None = None
    saving: WindowFolder | None = None
    on_error: str = "stop"
    workers: int | None = 1
    dask: str | None = None
    threads: int | None = None
    note: Callable[[str], None] = _quiet
    slow: Callable[[str], None] | None = None
    progress: Progress = _unwatched

    @property
    def are_lines(self) -> bool:
        """Whether the texts are lines of a file or a pipe: perhaps many."""
        return isinstance(self.texts, Path | TextFiles) or is_stream(self.texts)

    @property
    def has_target(self) -> bool:
        """Whether each text has a target text, which the model may write."""
        if self.parts.generate is not None and self.open_model is not None:
            from attnviz.sweeps.generation.continuation import writes_target

            return writes_target(self.open_model())
        return self.parts.target is not None or (self.are_lines and self.layout.has_target)

    @property
    def is_single(self) -> bool:
        """Whether there is certainly one text, or vectors."""
        return isinstance(self.texts, str) or self.vectors is not None

    def values(
        self,
        request: Request,
        each: Callable[..., ValueT],
        *,
        companions: Companions | None = None,
        most: int = _MOST,
    ) -> Iterator[tuple[str, ValueT]]:
        """The value of each text, in order, with its place: ``texts.txt, line 3``, or empty.

        Args:
            request: what each run computes.
            each: makes a value of a ``Run``; with several workers the value is sent from one process to another.
            companions: see ``Work``.
            most: texts in a window; fewer where values are large.

        Raises:
            UsageError: options that do not fit the texts.
            InputError: input that cannot be read or is invalid; with several texts, the message names the line.
        """
        yield from self._values(request, each, companions, most=most)

    def totals(
        self,
        request: Request,
        each: Callable[..., Any],
        fold: Callable[[], FoldT],
        *,
        companions: Companions | None = None,
        most: int = _MOST,
        kept: "KeptTotals[FoldT] | None" = None,
    ) -> Iterator[FoldT]:
        """What the values of each window of texts were added to, in order.

        Args:
            request: see ``values``.
            each: see ``values``.
            fold: makes an empty total, which is sent from one process to another in place of the values.
            companions: see ``values``.
            most: see ``values``.
            kept: how totals are kept where results are saved; those of finished windows come in their place.

        Raises:
            UsageError: see ``values``.
            InputError: see ``values``.
        """
        for _, value in self._values(request, each, companions, fold, most=most):
            if value is None:  # of a text that is not the last of its window
                continue
            if self.saving is not None and kept is not None:
                yield from map(kept.read, self.saving.passed())
                self.saving.add(kept.data(value))
            yield value
        if self.saving is not None and kept is not None:
            yield from map(kept.read, self.saving.passed(end=True))

    def _values(
        self,
        request: Request,
        each: Callable[..., Any],
        companions: Companions | None,
        fold: Callable[[], Any] | None = None,
        *,
        most: int = _MOST,
    ) -> Iterator[tuple[str, Any]]:
        """The value of each text, or of each window of texts, in order, with its place."""
        if self.results is not None:
            for where, run in self._selected(self.results, request):
                yield where, _alone(each(run), fold)
            return
        cpus = usable_cpus()
        workers = (self.workers or cpus) if self.are_lines or not self.is_single else 1
        with Threads(self.threads, cpus, workers) as threads:
            if self.vectors is not None:
                model, prepared = self._prepared_vectors(self.vectors)
                _before(threads, self.slow, request, prepared.n_tokens)
                work = Work(model, self.parts, each, request, companions)
                yield "", _alone(each(*next(work.arguments([prepared]))), fold)
                return
            with self._opened_texts(most) as texts:
                slow = self.slow if workers == 1 else None
                before = partial(_before, threads, slow, request)
                work = Work(self._opened_model(), self.parts, each, request, companions, before, self.loading, fold)
                waiting = texts if self.saving is None else self.saving.unfinished(texts, work.model.info, most)
                yield from self._swept(work, waiting, workers, None if self.is_single else self.dask)

    def runs(self, request: Request) -> Iterator[Run]:
        """A run of each text, in order."""
        return (run for _, run in self.values(request, _itself))

    def prepared(self) -> tuple[Model, Iterator[Prepared]]:
        """The model, and the texts, or the vectors, ready for it.

        Raises:
            UsageError: attention from elsewhere, which has no model.
        """
        if self.results is not None:
            raise UsageError(NO_MODEL)
        if self.vectors is not None:
            model, prepared = self._prepared_vectors(self.vectors)
            return model, iter([prepared])
        model = self._opened_model()
        return model, self._prepared_texts(model)

    def _opened_model(self) -> Model:
        if self.open_model is None:
            raise UsageError(NO_MODEL)
        model = self.open_model()
        if self.parts.generate is not None and model.generation is not None:
            for text in model.generation().notes:
                self.note(f"{model.name}: {text}")
        return model

    def _opened_texts(self, most: int) -> AbstractContextManager[Texts]:
        if self.texts is None:
            raise UsageError("texts: there is nothing to run on; expected texts, vectors or results")
        return opened_texts(self.texts, most, self.layout)

    def _prepared_texts(self, model: Model) -> Iterator[Prepared]:
        with self._opened_texts(_MOST) as texts:
            yield from (prepared for _, prepared in self._swept(Work(model, self.parts, _itself), texts, 1))

    def _prepared_vectors(self, vectors: Callable[[Model], Prepared]) -> tuple[Model, Prepared]:
        model = self._opened_model()
        return model, vectors(model)

    def _swept(self, work: Work, texts: Texts, workers: int, cluster: str | None = None) -> Iterator[tuple[str, Any]]:
        """Each text's value, with its place.

        Raises:
            AttnvizError: a text that cannot be used, unless it is skipped; or all were skipped.
        """
        n = skipped = 0
        # Processes are started before the progress bar, which has a thread of its own.
        progress = self.progress(texts.size) if texts.are_lines else nullcontext()
        with _outcomes(work, texts, workers, cluster) as outcomes, progress as step:
            for outcome in outcomes:
                n += 1
                for text in outcome.notes:
                    self.note(text)
                if outcome.error is None:
                    yield outcome.where, outcome.value
                elif self.on_error == "stop" or not outcome.skips:
                    raise outcome.error
                else:
                    skipped += 1
                    self.note(f"{outcome.error}; skipped")
                if outcome.last and self.saving is not None:
                    self.saving.end_window()  # its values have been used by now
                if step is not None:
                    step(n, outcome.end)
        for text in texts.notes():
            self.note(text)
        if skipped:
            if skipped == n:
                raise InputError(f"{texts.name}: none of its {n} texts can be used; expected at least one")
            self.note(f"{texts.name}: {skipped} of {n} texts skipped")

    def _selected(self, results: Results, request: Request) -> Iterator[tuple[str, Run]]:
        """What the request selects of each result from elsewhere."""
        noted: set[str] = set()
        for where, result in results(request):
            _note_if_slow(self.slow, request, max(len(result.tokens), len(result.target_tokens)))
            selected = select_attention(result, request)
            for reason in _without_effect(request, result):
                if reason not in noted:  # once for all texts
                    self.note(f"{self.name}: {reason}")
                    noted.add(reason)
            yield where, Run.of(selected)


@contextmanager
def _outcomes(work: Work, texts: Texts, workers: int, cluster: str | None) -> Iterator[Iterator[TextOutcome]]:
    """The outcome of each text."""
    if cluster is not None:
        from attnviz.sweeps.sharing.cluster import cluster_map

        with cluster_map(work, texts, address=cluster, ready=texts.ready) as outcomes:
            yield outcomes
        return
    if workers == 1:
        yield (outcome for window in texts for outcome in work(window))
        return
    from attnviz.sweeps.sharing.workers import ordered_map

    mapped = ordered_map(
        partial(_whole, work),
        texts,
        workers=workers,
        where=attrgetter("where"),
        ready=texts.ready,
        before=lambda: work.model.info,  # a thread may be reading the weights for it
    )
    with mapped as windows:
        yield (outcome for outcomes in windows for outcome in outcomes)


def _whole(work: Work, window: Window) -> list[TextOutcome]:
    return list(work(window))


def _alone(value: Any, fold: Callable[[], Any] | None) -> Any:
    """A value that is in a window by itself."""
    if fold is None:
        return value
    total = fold()
    total.add(value)
    return total


def _itself(value: ValueT) -> ValueT:
    return value


def _before(threads: Threads, slow: Callable[[str], None] | None, request: Request, n_tokens: int) -> None:
    threads.fit(n_tokens)
    _note_if_slow(slow, request, n_tokens)


def _note_if_slow(slow: Callable[[str], None] | None, request: Request, n: int) -> None:
    """Says why it takes so long, where somebody waits."""
    values = request.reduce if request.reduce == "flow" else request.values
    if slow is not None and values in ("flow", "zeroing") and n > _MANY:
        slow(f"{values} of {n} tokens can take a minute")


def _without_effect(request: Request, result: Result) -> Iterator[str]:
    """Why options change nothing of a result from elsewhere."""
    tokens, views = (*result.tokens, *result.target_tokens), result.views.values()
    asked = {name for name in ("words", "hide_special") if getattr(request, name)} - request.lenient
    has_special = any(token.special for token in tokens) or any(view.hidden for view in views)
    has_words = any(token.word is not None for token in tokens) or any(view.words for view in views)
    if "hide_special" in asked and not has_special:
        yield "no token is known to be special; --hide-special changes nothing"
    if "words" in asked and not has_words:
        yield "no token is known to be part of a word; --words changes nothing"
