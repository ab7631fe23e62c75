"""The work on one window of texts, in this process or in another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from attnviz.analysis.matrices.selection import Request
from attnviz.errors import AttnvizError, CheckpointError, InputError, TokenChoiceError, brief, some
from attnviz.model import Model, load
from attnviz.records import dataclass
from attnviz.sweeps.preparation import prepare
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.runs import runs
from attnviz.sweeps.texts import PlacedText, Window

_LONG_WORD = 40  # characters of a word that a note shows

Companions = Callable[[Model, list[Prepared]], Iterable[Any]]


class WindowTotal(Protocol):
    """What values are added to."""

    def add(self, value: Any, /) -> None:
        """One more value."""


class TextOutcome(NamedTuple):
    """One text's value or error, and its notes.

    ``skips``: whether the error is the text's, so that other texts may be good. ``end``: see ``PlacedText``. ``last``:
    whether it is the last of its window.
    """

    where: str
    value: Any
    notes: tuple[str, ...] = ()
    error: AttnvizError | None = None
    skips: bool = False
    end: int = 0
    last: bool = False


class Parts(NamedTuple):
    """What belongs to each text: a second segment, a target text, the length it is padded to, whether it is cut.

    ``generate``: how many tokens the model writes, up to the text ``stop``.
    """

    pair: str | None = None
    target: str | None = None
    pad_to: int | None = None
    truncate: bool = False
    generate: int | None = None
    stop: str | None = None


@dataclass(frozen=True, eq=False)
class Work:
    """What is done with each text of a window.

    Attributes:
        model: runs them.
        parts: belongs to each text.
        each: makes a value of a text's run, or of the prepared text where there is no request. It prints nothing. With
            several processes its value is sent from one to the other.
        request: what each run computes.
        companions: makes, of the model and all texts of a window, a second argument of ``each`` for each text.
        before: called with the number of tokens of the longest text before a window is run.
        loading: the arguments of ``load``; a process that does not inherit the model loads it again.
        fold: makes what the values of a window are added to. It takes the place of the last of them, and is all that is
            sent from one process to another.
    """

    model: Model
    parts: Parts
    each: Callable[..., Any]
    request: Request | None = None
    companions: Companions | None = None
    before: Callable[[int], None] | None = None
    loading: Mapping[str, Any] | None = None
    fold: Callable[[], WindowTotal] | None = None

    def __reduce__(self) -> tuple[Callable[..., "Work"], tuple[Any, ...]]:
        rest = (self.parts, self.each, self.request, self.companions, self.before)
        if self.loading is None:
            return Work, (self.model, *rest, None, self.fold)
        return _loaded_again, (self.loading, *rest, None, self.fold)

    def __call__(self, window: Window) -> Iterator[TextOutcome]:
        """The outcome of each text of the window."""
        return self._outcomes(window) if self.fold is None else _folded(self._outcomes(window), self.fold())

    def _outcomes(self, window: Window) -> Iterator[TextOutcome]:
        notes: dict[int, list[str]] = {i: [] for i in range(len(window.texts))}
        prepared = [self._prepared(placed, notes[i]) for i, placed in enumerate(window.texts)]
        good = [one for one in prepared if isinstance(one, Prepared)]
        if self.before is not None and good:
            self.before(max(one.n_tokens for one in good))
        arguments = self.arguments(good)
        for i, (one, placed) in enumerate(zip(prepared, window.texts, strict=True)):
            where, value, skips = placed.where, None, True
            error: AttnvizError | None = None
            if isinstance(one, Prepared):
                values = next(arguments)
                try:
                    value = self.each(*values)
                except TokenChoiceError as raised:  # one of several texts may lack a word
                    error = InputError(f"{where}: {raised}", raised.hint) if where else raised
                except AttnvizError as raised:
                    skips = isinstance(raised, InputError) and not isinstance(raised, CheckpointError)
                    error = raised.at(where) if skips else raised
            else:
                error = one
            last = i == len(prepared) - 1
            yield TextOutcome(where, value, tuple(notes[i]), error, skips and where != "", placed.end, last)

    def arguments(self, texts: list[Prepared]) -> Iterator[tuple[Any, ...]]:
        """The arguments of ``each`` for each text."""
        firsts: Iterable[Any] = texts if self.request is None else runs(self.model, texts, self.request)
        if self.companions is None:
            return zip(firsts)
        return zip(firsts, self.companions(self.model, texts), strict=True)

    def _prepared(self, placed: PlacedText, notes: list[str]) -> Prepared | AttnvizError:
        where, text = placed.where, placed.text
        if isinstance(text, AttnvizError):
            return text
        of_line = {name: part for name in ("pair", "target") if (part := getattr(placed, name)) is not None}
        try:
            prepared = prepare(self.model, text, **self.parts._asdict() | of_line)
        except AttnvizError as error:
            return error.at(where)
        place = f"{where}: " if where else ""
        notes += [f"{place}{cut}" for cut in prepared.cuts]
        unknown = getattr(self.model.tokenizer, "unknown", None)
        read = [t for t in (*prepared.tokens, *prepared.target_tokens) if t.piece == unknown and not t.special]
        if unknown is not None and read:
            words = some([brief(t.text, _LONG_WORD) for t in read], 20)
            notes.append(f"{place}not in the vocabulary of {self.model.info.name}: {words}")
        return replace(prepared, where=where)


def _folded(outcomes: Iterable[TextOutcome], total: WindowTotal) -> Iterator[TextOutcome]:
    """The outcomes without their values, and what these were added to as the value of the last."""
    listed = []
    for outcome in outcomes:
        if outcome.error is None:
            total.add(outcome.value)
        listed.append(outcome._replace(value=None))
    last = max((i for i, one in enumerate(listed) if one.error is None), default=None)
    return iter([one if i != last else one._replace(value=total) for i, one in enumerate(listed)])


def _loaded_again(loading: Mapping[str, Any], *rest: Any) -> Work:
    return replace(Work(load(**loading), *rest), loading=loading)
