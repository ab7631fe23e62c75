"""The page: one HTML file with all heads of one text or several, which a browser shows without a network."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from attnviz.analysis.difference import Changes, Difference, as_attention, compared_words, largest_changes
from attnviz.analysis.matrices.levels import Level, arranged_level, with_rest
from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, Request
from attnviz.analysis.matrices.spelling import find_word
from attnviz.analysis.one_word import WordQuestion
from attnviz.api.diff import DiffReport
from attnviz.api.html_texts import PageOptions, PageText, page_threads, run_content, start_of
from attnviz.api.sweep import Selection, TextSource, corpus, one_request
from attnviz.errors import InputError, UsageError
from attnviz.output.page.chunks import check_size
from attnviz.output.page.content import TextContent
from attnviz.output.page.document import page_document
from attnviz.output.page.facts import NO_FACTS, difference_facts
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.tokens import token_numbers

Names = str | Sequence[str] | None


def html(
    texts: TextSource | DiffReport,
    *,
    layers: Selection = "all",
    heads: Selection = "all",
    kinds: tuple[str, ...] | None = None,
    values: Names = None,
    reduce: Names = None,
    words: bool = True,
    hide_special: bool = True,
    renormalize: bool = False,
    word: WordQuestion | None = None,
    precision: int | None = None,
    command: str | Callable[[Result], str] = "",
    raw_tokens: bool = False,
    request: Request | None = None,
    **corpus_options: Any,
) -> str:
    """The page of all texts, or of the difference of two results.

    >>> import attnviz
    >>> attnviz.html("The cat sat on the table")[:15]
    '<!doctype html>'

    Args:
        texts: see ``sweep``; or what ``diff`` gives.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: which heads, in the same forms as ``layers``, or by name: ``"L2H8,L1H7"``.
        kinds: which attention: ``encoder``, ``decoder``, ``cross``; by default each that the model has.
        values: one or several of ``weights`` (the default), ``scores``, ``norms``, ``zeroing``, as ``sweep`` has them.
        reduce: one or several of ``none`` (the default), ``mean-heads``, ``mean``, ``max``, ``rollout``, ``flow``; each
            is taken of the values that it fits.
        words: whether words are merged when the page opens.
        hide_special: whether special tokens are left out when the page opens.
        renormalize: leave out special tokens for good, and divide the rows that are left by their sums.
        word: the page opens with this word, in the head that says most of it.
        precision: 2 or 3 decimals; by default 3 of texts of up to 128 tokens, else 2.
        command: what prints the same in the terminal, or a function that makes it of a result.
        raw_tokens: label tokens in the tokenizer's own spelling.
        request: a whole request, instead of layers to ``renormalize``, but for ``values`` and ``reduce``.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: options that do not fit each other, or a page of more than 64 MB.
        InputError: a text that cannot be used, unless ``on_error`` is ``skip``.
    """
    lenient = AS_PEOPLE_SEE.lenient
    selection = Request(layers, heads, kinds, None, "none", words, hide_special, renormalize, lenient=lenient)
    others = {"word": word, "precision": precision, "command": command, "raw_tokens": raw_tokens}
    options = _options(selection, request, values, reduce, **others)
    taken: list[TextContent] = []
    size = 0
    for _, content in _contents(texts, options, corpus_options):
        taken.append(content)
        size += sum(map(len, content.chunks))
        check_size(size)
    if not taken:
        raise InputError("html: there is no text; expected at least one")
    return page_document(taken)


def html_pages(
    texts: TextSource | DiffReport,
    *,
    values: Names = None,
    reduce: Names = None,
    word: WordQuestion | None = None,
    precision: int | None = None,
    command: str | Callable[[Result], str] = "",
    raw_tokens: bool = False,
    request: Request | None = None,
    **corpus_options: Any,
) -> Iterator[tuple[str, str]]:
    """One page per text, each with its text's place: ``texts.txt, line 3``, or empty.

    Args:
        texts: see ``html``.
        values: see ``html``.
        reduce: see ``html``.
        word: see ``html``.
        precision: see ``html``.
        command: see ``html``.
        raw_tokens: see ``html``.
        request: what is selected, and how pages open.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: options that do not fit each other, or a page of more than 64 MB.
        InputError: a text that cannot be used, unless ``on_error`` is ``skip``.
    """
    others = {"word": word, "precision": precision, "command": command, "raw_tokens": raw_tokens}
    options = _options(AS_PEOPLE_SEE, request, values, reduce, **others)
    return ((where, page_document([content])) for where, content in _contents(texts, options, corpus_options))


def page_requests(request: Request, values: Names, reduce: Names) -> tuple[Request, ...]:
    """One request per set of matrices: each of the values with each reduction that fits it.

    Args:
        request: the selection.
        values: one or several names; None for weights, or what a file holds.
        reduce: one or several names; None for none.

    Raises:
        UsageError: a name that is not known, or that fits none of the others.
    """
    fitting: list[Request] = []
    errors: list[tuple[str | None, str, UsageError]] = []
    names = _listed(values, request.values), _listed(reduce, request.reduce)
    for one, reduction in product(*names):
        try:
            fitting.append(replace(request, values=one, reduce=reduction or "none"))
        except UsageError as error:
            errors.append((one, reduction or "none", error))
    kept = {name for one in fitting for name in (one.values, one.reduce)}
    for one, reduction, refusal in errors:
        if not {one, reduction} <= kept:
            raise refusal
    return tuple(fitting)


def _listed(names: Names, default: str | None) -> tuple[str | None, ...]:
    if not names:
        return (default,)
    several = names.split(",") if isinstance(names, str) else names
    return tuple(dict.fromkeys(name.strip() for name in several))


def _options(
    selection: Request,
    request: Request | None,
    values: Names,
    reduce: Names,
    **others: Any,  # the other attributes of ``PageOptions``
) -> PageOptions:
    """The options of a page, checked.

    Raises:
        UsageError: options that do not fit each other.
    """
    options = PageOptions(page_requests(one_request(request, selection, AS_PEOPLE_SEE), values, reduce), **others)
    if options.precision not in (None, 2, 3):
        raise UsageError(f"precision: {options.precision} is given; expected 2 or 3 decimals")
    return options


def _contents(
    texts: TextSource | DiffReport, options: PageOptions, corpus_options: dict[str, Any]
) -> Iterator[tuple[str, TextContent]]:
    """What the page says of each text, with its place."""
    if isinstance(texts, DiffReport):
        return iter([("", difference_content(texts, options))])
    source = corpus(texts, **corpus_options)
    return source.values(options.first_run, partial(run_content, options))


def difference_content(report: DiffReport, options: PageOptions) -> TextContent:
    """The difference of two results, between words or between tokens as the first request says, and both sides of it.

    There is one level: tokens and words of two texts are not aligned alike.

    Raises:
        UsageError: too large a page.
    """
    request = options.requests[0]
    whole = report.difference
    difference = compared_words(whole) if request.words and not whole.special_only else whole
    changes = as_attention(difference)
    before, after = (
        with_rest(_side(side, changes, matrices, rest if difference.has_rest else None))
        for side, matrices, rest in (
            (difference.a, difference.before, difference.rest_before),
            (difference.b, difference.after, difference.rest_after),
        )
    )
    shown = replace(changes, rest=None if before.rest is None or after.rest is None else after.rest - before.rest)
    with page_threads() as threads:
        text = PageText(options, report.a, several=changes.kind != "encoder", threads=threads)
        for attention, name in ((shown, "B - A"), (before, "A"), (after, "B")):
            writer = text.writer(attention, len(attention))
            writer.add(Level(attention, None))
            text.end_set(writer, difference_facts(difference.jsd) if name == "B - A" else NO_FACTS, name)
    arranged = arranged_level(Level(shown, None), request)
    if options.word is None:
        head, query, key = _largest_change(
            difference, changes, special=not request.hide_special or difference.special_only
        )
    else:
        head, query, key = _changed_word(arranged, options.word)
    first = list(arranged)[head]
    start = start_of(first, head, request)
    start["query"], start["key"] = query, key
    if options.word is not None:
        start["side"] = options.word.side
    return text.content(start, first, report.b, merges=False)


def _largest_change(difference: Difference, changes: Changes, *, special: bool) -> tuple[int, int | None, int | None]:
    """The head, and the numbers of the query and of the key, that changed most."""
    change = next(iter(largest_changes(difference, 1, special=special)), None)
    if change is None:
        return 0, None, None
    key = None if change.key is None else token_numbers(changes.keys)[change.key]
    head = change.layer * changes.matrices.shape[1] + change.head
    return head, token_numbers(changes.queries)[change.query], key


def _changed_word(changes: Attention, word: WordQuestion) -> tuple[int, int | None, int | None]:
    """The head in which a word changed most, and its number as a query or as a key.

    Raises:
        UsageError: there is no such word on both sides.
    """
    is_query = word.side == "from"
    tokens = changes.queries if is_query else changes.keys
    index = find_word(word.word, tokens, word.side)
    sizes = np.abs(changes.matrices.take(index, axis=-2 if is_query else -1))
    number = token_numbers(tokens)[index]
    return int(sizes.max(axis=-1).argmax()), number if is_query else None, None if is_query else number


def _side(attention: Attention, changes: Attention, matrices: np.ndarray, rest: np.ndarray | None) -> Attention:
    """The weights of A or of B between the tokens that are compared."""
    return replace(
        attention,
        matrices=matrices,
        queries=changes.queries,
        keys=changes.keys,
        masked=changes.masked,
        rest=rest,
    )
