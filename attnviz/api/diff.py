"""Two results against each other, head by head."""

from collections.abc import Callable, Container
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.analysis.difference import Difference, as_attention, compared, compared_words
from attnviz.analysis.matrices.selection import Request
from attnviz.errors import UsageError
from attnviz.records import dataclass
from attnviz.sweeps.corpus import Corpus
from attnviz.sweeps.head_measures import attention_of_heads
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from attnviz.api.heatmaps import HeatmapReport


@dataclass(frozen=True, eq=False)
class DiffReport:
    """Two results and their difference; in a notebook the page of B - A, and the text of ``attnviz diff``.

    Attributes:
        a: one result.
        b: the other.
        difference: Jensen-Shannon distances (n_layers, n_heads), aligned tokens, changes of weights.
    """

    a: Result
    b: Result
    difference: Difference

    def as_dict(self, *, top: int = 10, tolerance: float | None = None, model_info: bool = False) -> dict[str, object]:
        """The object that ``attnviz diff --json`` prints.

        Args:
            top: how many changes it lists, the largest first.
            tolerance: the largest distance that is allowed; adds ``holds``.
            model_info: all fields of the models.
        """
        from attnviz.output.documents.diff import difference_document

        results = self.a, self.b
        return difference_document(results, self.difference, top=top, tolerance=tolerance, model_info=model_info)

    def draw(
        self,
        path: str | Path,
        *,
        words: bool = False,
        force: bool = False,
        progress: Callable[[int, int], None] | None = None,
        **looks: Any,
    ) -> "HeatmapReport":
        """Writes pictures of B - A: one figure in a file, or in a folder one per head and ``overview``.

        Args:
            path: a file whose name ends in ``.png``, ``.svg`` or ``.pdf``; else a folder, created if missing.
            words: draw whole words.
            force: replace files that attnviz did not write.
            progress: called with (pictures written, pictures in all).
            looks: ``formats`` (of a folder), and those of ``attnviz.heatmaps``.

        Raises:
            UsageError: a look that cannot be.
            OutputError: a file cannot be written, or is another program's.
        """
        from attnviz.api.heatmaps import HeatmapReport, styled_for
        from attnviz.output.documents.diff import named_texts
        from attnviz.output.pictures.figures import write_figure, write_heatmaps
        from attnviz.output.pictures.files.paths import is_figure

        path, notes = Path(path), list[str]()
        style = styled_for(path, looks, force=force)
        difference = compared_words(self.difference) if words else self.difference
        changes = as_attention(difference, tuple(named_texts(self.as_dict(top=1))))
        if is_figure(path):
            paths = write_figure(changes, path, style, force=force, note=notes.append)
            return HeatmapReport(path.parent, tuple(paths), tuple(notes))
        paths = write_heatmaps(changes, path, style, force=force, note=notes.append, progress=progress)
        return HeatmapReport(path, tuple(paths), tuple(notes))

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows, by media type."""
        from attnviz.api.pages.notebook import diff_html_display, diff_text_display
        from attnviz.trace.displays import media_bundle

        displays = {"text/plain": diff_text_display, "text/html": diff_html_display}
        return media_bundle(self, displays, include, exclude)


def diff(a: Result, b: Result) -> DiffReport:
    """The difference of two results, head by head; tokens that both have, or that replaced each other, are compared.

    >>> import attnviz
    >>> report = attnviz.diff(attnviz.run("The cat sat", seed=0), attnviz.run("The cat sat", seed=1))
    >>> report.difference.jsd.shape
    (2, 4)

    Raises:
        UsageError: other numbers of heads or layers, or no token in common.
    """
    return DiffReport(a, b, compared(attention_of_heads(a), attention_of_heads(b)))


def only_result(corpus: Corpus, request: Request) -> Result:
    """The result of a corpus of one text.

    Raises:
        UsageError: there are several texts.
    """
    runs = list(islice(corpus.runs(request), 2))
    if len(runs) != 1:
        raise UsageError("text: there are several; expected one a side")
    return runs[0].result()


def result_of_random_weights(corpus: Corpus, request: Request, seed: int) -> Result:
    """The first text of a corpus, run through random weights of its model's shape; the tokenizer is the model's."""
    from attnviz.sweeps.random_models import random_like
    from attnviz.sweeps.runs import runs

    model, prepared = corpus.prepared()
    return next(runs(random_like(model, seed), list(prepared), request)).result()
