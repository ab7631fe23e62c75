"""One word of each text in every head: what it looks at, or what looks at it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.one_word import WordAttention, WordQuestion, word_attention
from attnviz.api.sweep import TextSource, corpus, place_fields
from attnviz.errors import InputError, UsageError
from attnviz.sweeps.run import Run
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from attnviz.output.rendering import Document

_LINES_AT_ONCE = 256


class WordReport(NamedTuple):
    """One word of one text.

    Attributes:
        result: the text's result without matrices.
        word: the word in every head.
    """

    result: Result
    word: WordAttention


def word_reports(
    texts: TextSource, question: WordQuestion, *, request: Request, **corpus_options: Any
) -> Iterator[WordReport]:
    """One word of each text, in the order of the texts.

    Args:
        texts: see ``sweep``.
        question: which word, and whether its row or its column is asked for.
        request: what is computed of each text.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: the text has no such word.
        InputError: one of several texts has none.
    """
    source = corpus(texts, **corpus_options)
    return (report for _, report in source.values(word_request(request, question), partial(report_of_word, question)))


def word_lines(
    texts: TextSource,
    question: WordQuestion,
    *,
    request: Request,
    precision: int | None = None,
    top: int | None = None,
    model_info: bool = False,
    **corpus_options: Any,
) -> Iterator[bytes]:
    """The lines that ``attnviz show --from WORD --json`` prints, one per text.

    Args:
        texts: see ``sweep``.
        question: as of ``word_reports``.
        request: what is computed of each text.
        precision: decimals; by default all that a float has.
        top: each head's ``top`` strongest words, not all its numbers.
        model_info: all fields of the model, not only its name and sizes.
        corpus_options: see ``corpus``.
    """
    source = corpus(texts, **corpus_options)
    placed = source.on_error == "skip"
    line = partial(_line, question, precision=precision, top=top, model_info=model_info, placed=placed)
    return (data for _, data in source.values(request, line, most=_LINES_AT_ONCE))


def report_of_word(question: WordQuestion, run: Run) -> WordReport:
    """The report of one run."""
    where = run.bare.where
    try:
        return WordReport(run.bare, word_attention(run.parts(), question))
    except UsageError as error:
        if not where:
            raise
        raise InputError(str(error)) from error  # one of several texts: the caller may skip it


def _line(question: WordQuestion, run: Run, *, placed: bool, **options: Any) -> bytes:
    from attnviz.output.documents.results import dump
    from attnviz.output.documents.word import word_document

    report = report_of_word(question, run)
    document: Document = word_document(report.result, report.word, **options)
    return dump({**document, **place_fields(run, placed=placed)})


def word_request(request: Request, question: WordQuestion) -> Request:
    """The request with special tokens kept, where the question leaves them out: the word itself may be one."""
    spares = question.hide_special and not request.renormalize
    return replace(request, hide_special=False) if spares else request
