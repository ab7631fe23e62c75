"""The option of labels of heads, and attention from elsewhere with them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import VIEW

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request
    from attnviz.sweeps.corpus import Results
    from attnviz.trace.result import Result


class LabelOptions(Options):
    """What is known of the heads."""

    labels: Annotated[
        Path | None,
        option(
            VIEW,
            "--labels",
            metavar="PATH",
            help="Name heads by relations: what `attnviz probe syntax --json` printed; tiny: those of tiny.",
        ),
    ] = None

    @property
    def is_given(self) -> bool:
        """Whether heads are named by a file."""
        return self.labels is not None


def with_labels(results: "Results", path: Path) -> "Results":
    """Attention from elsewhere with the labels of a file."""
    from attnviz.checkpoints.labels_file import read_labels
    from attnviz.model import labels_path

    labels = read_labels(labels_path(path))

    def labelled_results(request: "Request") -> "Iterable[tuple[str, Result]]":
        for where, result in results(request):
            model = replace(result.model, labels=labels)
            views = {kind: replace(view, model=model) for kind, view in result.views.items()}
            yield where, replace(result, model=model, views=views)

    return labelled_results
