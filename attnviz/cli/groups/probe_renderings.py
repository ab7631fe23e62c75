"""What probes run on and how they print: the corpus of their options, JSON, CSV or a screen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.cli.groups.loading import load_options, loaded
from attnviz.cli.groups.probes import ProbedTexts, ProbeSource, TableOptions
from attnviz.cli.options import CommonOptions, ModelJsonOptions
from attnviz.cli.renderings import encoded, json_or_screen
from attnviz.cli.streams import is_watched, note, sweep_progress
from attnviz.errors import AttnvizError, InputError, UsageError
from attnviz.model import Model
from attnviz.output.rendering import Document, Rendering, ReportT
from attnviz.sweeps.corpus import Corpus

if TYPE_CHECKING:
    from attnviz.cli.renderings import Views


def probed_model(loading: dict[str, Any], common: CommonOptions) -> Model:
    """The model; a hint names the flag that the seed of its weights has here."""
    try:
        return loaded(loading, common)
    except AttnvizError as error:
        error.hint = error.hint and error.hint.replace("--seed", "--block-seed")
        raise


def probed_corpus(source: ProbeSource, texts: ProbedTexts, *, decoder: bool) -> Corpus:
    """How the texts of a probe are run; the probe itself says which texts."""
    common, loading = source.common, load_options(source.models, source.block, source.common, decoder=decoder)
    noted = partial(note, common)
    return Corpus(
        open_model=partial(probed_model, loading, common),
        loading=loading | {"progress": False},
        on_error=texts.many.on_error,
        workers=texts.workers.workers,
        dask=texts.workers.dask,
        threads=texts.many.threads,
        note=noted,
        slow=noted if is_watched(common) else None,
        progress=partial(sweep_progress, common, prints=False),
    )


def csv_or_others(
    common: CommonOptions,
    document: Callable[[ReportT], Document],
    load_views: "Callable[[], Views[ReportT]]",
    output: ModelJsonOptions,
    table: TableOptions,
    *,
    rows: str,
) -> Rendering[ReportT]:
    """The rendering that ``--csv`` or ``--json`` chooses, else views.

    Args:
        common: the colours of a screen.
        document: turns a report into a JSON object.
        load_views: see ``json_or_screen``.
        output: whether it is JSON.
        table: whether it is CSV.
        rows: the key of the document's rows.

    Raises:
        UsageError: both are asked for.
    """
    if not table.csv:
        return json_or_screen(common, document, load_views, json=output.json, width=table.width)
    if output.json:
        raise UsageError("json, csv: both are given; expected one of them")
    from attnviz.output.documents.probes.rows_csv import rows_csv

    return encoded(lambda report: rows_csv(document(report)[rows]).encode())


@contextmanager
def whole_texts() -> Iterator[None]:
    """Texts are not cut by a probe: an error on one that is too long says what to do instead.

    Raises:
        InputError: as it was raised, with another hint.
    """
    try:
        yield
    except InputError as error:
        if error.hint is not None and "--truncate" in error.hint:
            error.hint = "--on-error skip leaves it out"
        raise
