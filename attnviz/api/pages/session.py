"""A session of the explorer: one text after the other through a model that stays loaded."""

from collections.abc import Iterator
from typing import Any

from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, Request
from attnviz.api.html_texts import raw_request
from attnviz.api.pages.exploration import Exploration
from attnviz.api.sweep import TextSource, corpus
from attnviz.errors import UsageError
from attnviz.model import Model
from attnviz.sweeps.preparation import prepare
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import runs


class Session:
    """Gives an ``Exploration`` of each text of a corpus, and of texts that are typed.

    Args:
        texts: see ``sweep``.
        request: which layers and heads there are, and how texts open.
        raw_tokens: label tokens in the tokenizer's own spelling.
        corpus_options: see ``corpus``.
    """

    def __init__(
        self, texts: TextSource, request: Request = AS_PEOPLE_SEE, *, raw_tokens: bool = False, **corpus_options: Any
    ):
        self._corpus, self._request, self._raw = corpus(texts, **corpus_options), request, raw_tokens
        self._model: Model | None = None
        self._runs = self._opened()

    def following(self) -> Exploration | None:
        """The next text; None after the last.

        Raises:
            UsageError: layers, heads or values that are not there.
            InputError: a text that cannot be used.
        """
        run = next(self._runs, None)
        return None if run is None else self._explored(run)

    def typed(self, text: str) -> Exploration:
        """Another text, with the second segment and the target of the others.

        Raises:
            UsageError: attention from elsewhere, or vectors.
            InputError: a text that cannot be used.
        """
        if self._model is None or self._corpus.vectors is not None:
            raise UsageError("text: there is no model that reads one here; expected a session with a text")
        parts = self._corpus.parts
        prepared = prepare(
            self._model, text, pair=parts.pair, target=parts.target, pad_to=parts.pad_to, truncate=parts.truncate
        )
        return self._explored(self._run(self._model, prepared))

    def _opened(self) -> Iterator[Run]:
        """A run of each text; the model loads with the first."""
        if self._corpus.results is not None:
            yield from self._corpus.runs(raw_request(self._request))
            return
        self._model, texts = self._corpus.prepared()
        for prepared in texts:
            yield self._run(self._model, prepared)

    def _run(self, model: Model, prepared: Prepared) -> Run:
        (run,) = runs(model, [prepared], raw_request(self._request))
        return run

    def _explored(self, run: Run) -> Exploration:
        """The text with its first matrices computed, so that what is wrong with it is known."""
        explored = Exploration(run, self._request, raw_tokens=self._raw)
        explored.level(explored.sets[0])
        return explored
