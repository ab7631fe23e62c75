"""What the page says of one text: its sets of matrices, from one run for each of its values, and where it opens."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace

from attnviz.analysis.matrices.levels import Level, arranged_level, levels
from attnviz.analysis.matrices.parts import ahead, each_layer
from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.analysis.matrices.selection import Request, arrange, select_attention
from attnviz.analysis.matrices.spelling import raw_spelled
from attnviz.analysis.one_word import WordQuestion, word_attention
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.analysis.telling import HeadSummary, head_summaries, strongest_telling
from attnviz.api.word import word_request
from attnviz.errors import InputError, UsageError
from attnviz.names import PATHS, SHARES
from attnviz.output.page.chunks import Chunks
from attnviz.output.page.codes import COARSE, FINE, Codes
from attnviz.output.page.content import Start, TextContent, set_name, side_fields, text_page_fields
from attnviz.output.page.facts import NO_FACTS, head_facts
from attnviz.output.page.sets import SetWriter
from attnviz.output.rendering import Document
from attnviz.records import dataclass
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import kinds_of, runs
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, token_numbers

_SHORT = 128  # tokens, up to which a page has three decimals
_MOST_THREADS = 4
KIND_ORDER = ("cross", "encoder", "decoder")  # of the sets of a text
_SIDES = {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}

AttentionParts = Callable[[], Iterator[Attention]]


@dataclass(frozen=True)
class PageOptions:
    """What pages show of each text.

    Attributes:
        requests: one per set of matrices of each kind of attention; the first says how the page opens.
        word: the word that it opens with.
        precision: decimals; None for what fits the text.
        command: what prints the same in the terminal, or a function that makes it of a result.
        raw_tokens: label tokens in the tokenizer's own spelling.
    """

    requests: tuple[Request, ...]
    word: WordQuestion | None = None
    precision: int | None = None
    command: str | Callable[[Result], str] = ""
    raw_tokens: bool = False

    @property
    def first_run(self) -> Request:
        """What a first run of each text computes."""
        return raw_request(self.requests[0])

    def decimals(self, n_tokens: int) -> int:
        """The decimals of a set between so many tokens."""
        return self.precision or (3 if n_tokens <= _SHORT else 2)

    def codes(self, values: str, n_tokens: int) -> Codes:
        """How the numbers of a set are stored."""
        steps, signed = FINE if self.decimals(n_tokens) == 3 else COARSE, values == "changes"
        return Codes.of(bounded=signed or values in SHARES, signed=signed, steps=steps)

    def command_of(self, result: Result) -> str:
        """What prints a text in the terminal."""
        return self.command if isinstance(self.command, str) else self.command(result)


class PageText:
    """One text of the page, a set of matrices after the other.

    Args:
        options: of all texts.
        result: the text and the model; its matrices are not looked at.
        several: whether it has other than encoder attention, so that sets and sides are named by their kinds.
        threads: encode heads at the same time.
    """

    def __init__(self, options: PageOptions, result: Result, *, several: bool, threads: Executor):
        self.options = options
        self._result, self._several, self._threads = result, several, threads
        self._chunks = Chunks()
        self._sets: list[Document] = []
        self._sides: dict[tuple[str, Tokens], int] = {}

    def writer(self, first: Attention, total: int) -> SetWriter:
        """Writes a set of matrices.

        Args:
            first: some of them.
            total: how many there are.
        """
        n_tokens = max(len(first.queries), len(first.keys))
        return SetWriter(self._chunks, self.options.codes(first.values, n_tokens), total, self._threads)

    def end_set(self, writer: SetWriter, facts: dict[str, object], name: str = "") -> None:
        """The set is complete; by default its name says its values, reduction and kind."""
        common = writer.common
        names = _SIDES[common.kind] if self._several else ("text", "text")
        sides = [
            self._sides.setdefault(side, len(self._sides))
            for side in zip(names, (common.queries, common.keys), strict=True)
        ]
        name = name or set_name(common.values, common.reduce, common.kind if self._several else None)
        self._sets.append(writer.document(name, (sides[0], sides[1]), facts))

    def content(self, start: Start, first: Matrix, other: Result | None = None, *, merges: bool = True) -> TextContent:
        """The whole text.

        Args:
            start: what is shown first.
            first: the matrix that is shown first.
            other: B's text, of a difference.
            merges: whether words may be merged.
        """
        result, raw = self._result, self.options.raw_tokens
        texts = {
            "target": {0: result.target},
            "text": {0: result.text, 1: result.pair},
            "source": {0: result.text, 1: result.pair},
        }
        sides = [side_fields(name, tokens, texts[name], merges=merges, raw=raw) for name, tokens in self._sides]
        document = text_page_fields(result, sides, command=self.options.command_of(result), other=other)
        first = replace(first, queries=raw_spelled(first.queries, raw=raw), keys=raw_spelled(first.keys, raw=raw))
        precision = self.options.decimals(max(len(tokens) for _, tokens in self._sides))
        return TextContent(document, self._sets, tuple(self._chunks.data), start, first, precision)


class Opening:
    """Where the page opens, as matrices of its first set are added: as ``attnviz show`` prints it.

    Args:
        request: of the set.
        telling: whether the head that says most comes first, else the first one.
    """

    def __init__(self, request: Request, *, telling: bool):
        self._request, self._telling = request, telling
        self._best: tuple[tuple[float, float], Matrix, int] | None = None
        self._heads: list[HeadSummary] = []
        self._n = 0

    def add(self, level: Level) -> None:
        """Some more matrices."""
        shown = arranged_level(level, self._request)
        has_summaries = shown.values == "weights" and shown.reduce == "none"
        heads = head_summaries(shown) if has_summaries else [None] * len(shown)
        for matrix, head in zip(shown, heads, strict=True):
            rank = head.rank if head is not None and self._telling else (0.0, 0.0)
            if self._best is None or rank < self._best[0]:
                self._best = rank, replace(matrix, numbers=matrix.numbers.copy()), self._n
            self._heads += [head] if head is not None else []
            self._n += 1

    @property
    def telling(self) -> list[int]:
        """The heads' indices, the one that says most first."""
        return sorted(range(len(self._heads)), key=lambda i: self._heads[i].rank)

    @property
    def first(self) -> tuple[int, Matrix]:
        """The head that is shown first: its index and its matrix."""
        if self._best is None:
            raise ValueError("no matrix to open with")
        return self._best[2], self._best[1]


def run_content(options: PageOptions, run: Run) -> TextContent:
    """One text from its run, which is that of ``first_run``.

    Raises:
        UsageError: matrices that it does not have, or too large a page.
        InputError: a text that cannot be used.
    """
    kinds = tuple(run.result().views) if run.prepared is None else kinds_of(options.first_run, run.prepared)
    matrices = _Matrices(options, run)
    openings: list[tuple[Opening, str]] = []
    with page_threads() as threads:
        text = PageText(options, run.bare, several=kinds != ("encoder",), threads=threads)
        for request in options.requests:
            of_request = request.kinds_of(kinds)
            for kind in (kind for kind in KIND_ORDER if kind in of_request):
                openings.append((_add_set(text, request, matrices, kind), kind))
    opening, kind = openings[0]
    head, first = opening.first
    request = options.requests[0]
    if options.word is not None:
        return _opened_at_word(text, options.word, matrices.whole(request, kind), request, run.bare.where)
    return text.content(start_of(first, head, request), first)


def start_of(first: Matrix, head: int, request: Request) -> Start:
    """The start at the link that says most of a matrix; at no link of other numbers than weights."""
    link = strongest_telling(first) if first.values == "weights" else None
    return Start(
        text=0,
        set=0,
        head=head,
        side="from",
        query=None if link is None else token_numbers(first.queries)[link.query],
        key=None if link is None else token_numbers(first.keys)[link.key],
        words=request.words,
        special=not request.hide_special,
    )


def page_threads() -> ThreadPoolExecutor:
    """The threads that encode heads; the bytes do not depend on how many."""
    return ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))


def raw_request(request: Request) -> Request:
    """A run of which all levels and reductions of a request can be made."""
    grid = request if request.reduce == "none" else request.of_grid(f"reduce {request.reduce}")
    return replace(grid, reduce="none", words=False, hide_special=False, renormalize=False)


class _Matrices:
    """The matrices of one text for several requests, each run once: those of the last run are kept."""

    def __init__(self, options: PageOptions, run: Run):
        self._first, self._run = run, run
        self._request = options.first_run
        raw = [raw_request(request) for request in options.requests]
        self._can_stream = len(set(raw)) == len(raw) and options.word is None
        self._views: Mapping[str, Attention] | None = None

    def parts(self, request: Request, kind: str) -> AttentionParts:
        """Gives matrices of heads, or those that the request reduces by paths, a part at a time."""
        self._turn_to(raw_request(request))
        run = self._run
        if run.is_long and self._can_stream and request.reduce == "none":
            return lambda: ahead(run.parts())
        view = self._view(request, kind)
        if request.reduce in PATHS and view.reduce == "none":
            view = reduce_attention(view, request.reduce)
        has_layers = view.reduce in ("none", "mean-heads") and not view.by_name
        return lambda: each_layer(view) if has_layers else iter([view])

    def shape(self, request: Request) -> int:
        """How many matrices the request has, at most."""
        n_layers, n_heads = self._run.shape
        return {"none": n_layers * n_heads, "mean-heads": n_layers}.get(request.reduce, 1)

    def has_facts(self, request: Request, kind: str) -> bool:
        """Whether the matrices of a request are weights of heads, which have metrics and labels."""
        self._turn_to(raw_request(request))
        is_asked = (request.run_values, request.reduce) == ("weights", "none")
        if self._run.model is not None or not is_asked:
            return is_asked
        view = self._view(request, kind)
        return (view.values, view.reduce) == ("weights", "none")

    def whole(self, request: Request, kind: str) -> Attention:
        """All matrices of heads of a kind."""
        self._turn_to(raw_request(request))
        return self._view(request, kind)

    def _view(self, request: Request, kind: str) -> Attention:
        self._views = self._run.result().views if self._views is None else self._views
        view = self._views[kind]
        if view.reduce != "none":  # read from a file: what does not fit it is an error
            result = replace(self._first.bare, views={kind: view})
            select_attention(result, replace(request, layers="all", heads="all", kinds=(kind,), words=False))
        return view

    def _turn_to(self, request: Request) -> None:
        if request == self._request:
            return
        self._request, self._views = request, None
        if self._first.model is None or self._first.prepared is None:
            selection = replace(request, layers="all", heads="all")
            self._run = Run.of(select_attention(self._first.result(), selection))
            return
        (self._run,) = runs(self._first.model, [self._first.prepared], request)


def _add_set(text: PageText, request: Request, matrices: _Matrices, kind: str) -> Opening:
    """Adds a set to the text; gives where a page opens with it."""
    parts, total = matrices.parts(request, kind), matrices.shape(request)
    is_selected = (request.layers, request.heads) != ("all", "all")
    opening = Opening(request, telling=not is_selected)
    writer: SetWriter | None = None

    def add(level: Level) -> None:
        nonlocal writer
        writer = writer or text.writer(level.tokens, total)
        writer.add(level)
        opening.add(level)

    def passed() -> Iterator[Attention]:
        for part in parts():
            for level in levels(lambda: iter([part]), request):  # noqa: B023 (used before the next part)
                add(level)
            yield part

    facts = NO_FACTS
    if matrices.has_facts(request, kind):
        _, metrics = metrics_of_parts(passed())
        relations = writer.common.model.labels if writer is not None and kind == "encoder" else None
        facts = head_facts(metrics, opening.telling, relations)
    else:
        for level in levels(parts, request):
            add(level)
    if writer is None:
        raise ValueError("a set has no matrices")
    text.end_set(writer, facts)
    return opening


def _opened_at_word(text: PageText, word: WordQuestion, view: Attention, request: Request, where: str) -> TextContent:
    """The text, opened at a word in the head that says most of it, as ``attnviz show --from`` prints it first.

    Raises:
        UsageError: the text has no such word.
        InputError: one of several texts has none.
    """
    arranged = arrange(view, word_request(request, word))
    try:
        found = word_attention([arranged], word)
    except UsageError as error:
        if not where:
            raise
        raise InputError(str(error)) from error  # one of several texts: the caller may skip it
    matrices = list(arrange(view, request))
    head = next(i for i, matrix in enumerate(matrices) if matrix.name == found.heads[0].name)
    start = start_of(matrices[head], head, request)
    is_query = word.side == "from"
    start["side"] = word.side
    start["query"], start["key"] = (found.number, None) if is_query else (None, found.number)
    return text.content(start, matrices[head])
