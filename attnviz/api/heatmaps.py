"""Heat maps as files: one picture per head and an overview, or the similarity of heads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.analysis.heads.clusters import head_clusters, head_distances
from attnviz.analysis.heads.report import HeadReport
from attnviz.analysis.matrices.parts import ahead
from attnviz.analysis.matrices.spelling import labelled
from attnviz.errors import UsageError
from attnviz.names import PATHS, PICTURE_FORMATS, SHARES
from attnviz.output.pictures.matrices.condensed import Condensed, condensed
from attnviz.sweeps.runs import Run
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.output.pictures.style import PictureStyle


@dataclass(frozen=True)
class HeatmapReport:
    """The pictures of one text.

    Attributes:
        folder: their folder.
        paths: the files, in the order in which they were written.
        largest: the largest weight, or 1 where values have a scale of their own.
        notes: on fonts that lack a character.
    """

    folder: Path
    paths: tuple[Path, ...]
    largest: float
    notes: tuple[str, ...] = field(default=())


def heatmaps(
    result: Result | Run,
    folder: str | Path,
    *,
    formats: str | Iterable[str] = "png",
    by_similarity: bool = False,
    raw_tokens: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **looks: Any,
) -> HeatmapReport:
    """Writes one picture per head, and ``overview``; or with ``by_similarity`` only ``similarity``.

    Args:
        result: from ``run`` or ``read_attention``; or the run of a long text, which is drawn a part at a time.
        folder: where the files go; created if missing.
        formats: ``png``, ``svg``, ``pdf``, separated by commas, or a list of them.
        by_similarity: draw the Jensen-Shannon distances between heads, similar heads together.
        raw_tokens: label tokens in the tokenizer's own spelling.
        progress: called with (pictures written, pictures in all).
        looks: ``cmap``, ``dpi``, ``scale`` (``shared`` or ``head``), ``force`` (replace files that attnviz did not
            write), ``overview_only``.

    Raises:
        UsageError: an unknown format, or matrices that are not of single heads.
        OutputError: the folder cannot be written to, or has files that attnviz did not write.
    """
    formats = picture_formats(formats if isinstance(formats, str) else ",".join(formats))
    folder = Path(folder)
    paths: list[Path] = []
    notes: list[str] = []
    largest = 0.0
    run = Run.of(result) if isinstance(result, Result) else result
    from attnviz.output.pictures.figures import write_heatmaps
    from attnviz.output.pictures.style import PictureStyle

    common: dict[str, Any] = {"note": notes.append, "force": looks.pop("force", False)}
    overview_only = looks.pop("overview_only", False)
    style = PictureStyle(formats=formats, **looks)
    views = list(_labelled_views(run, raw_tokens) if by_similarity else _drawn(run, raw_tokens))
    for drawn in views:
        attention = drawn.attention if isinstance(drawn, Condensed) else drawn
        largest = max(largest, _largest(drawn))
        common["prefix"] = f"{attention.kind}-" if len(views) > 1 else ""
        if by_similarity:
            paths += _write_similarity(attention, folder, style, **common)
        else:
            more = {"overview_only": overview_only, "progress": progress, "texts": _texts(run.bare, attention.kind)}
            paths += write_heatmaps(drawn, folder, style, **more, **common)
    return HeatmapReport(folder, tuple(paths), largest, tuple(notes))


def similarity_picture(report: HeadReport, folder: str | Path, **looks: Any) -> HeatmapReport:
    """Writes ``similarity``: the distances between the heads of ``heads(..., cluster=True)``, means over its texts.

    Args:
        report: from ``heads``.
        folder: where the file goes; created if missing.
        looks: ``cmap``, ``dpi``, ``scale`` (``shared`` or ``head``), ``formats`` (a tuple), ``force`` (replace files
            that attnviz did not write).

    Raises:
        UsageError: the report has no clusters.
        OutputError: the folder cannot be written to, or has files that attnviz did not write.
    """
    if report.clustered is None:
        raise UsageError("similarity: the report has no distances between heads; expected heads(..., cluster=True)")
    from attnviz.output.pictures.figures import write_similarity
    from attnviz.output.pictures.style import PictureStyle

    folder = Path(folder)
    notes: list[str] = []
    distances, clusters = report.clustered.distances, report.clustered.clusters
    force = looks.pop("force", False)
    style = PictureStyle(**looks)
    paths = write_similarity(report.attention, distances, clusters, folder, style, force=force, note=notes.append)
    return HeatmapReport(folder, tuple(paths), 1.0, tuple(notes))


def picture_formats(text: str) -> tuple[str, ...]:
    """The formats of a list separated by commas.

    Raises:
        UsageError: one that is not known.
    """
    formats = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    for name in formats:
        if name not in PICTURE_FORMATS:
            raise UsageError(f"format: {name!r} is not known; expected some of {', '.join(PICTURE_FORMATS)}")
    return formats


def _write_similarity(attention: Attention, folder: Path, style: "PictureStyle", **more: Any) -> list[Path]:
    from attnviz.output.pictures.figures import write_similarity

    distances = head_distances(attention)
    return write_similarity(attention, distances, head_clusters(distances), folder, style, **more)


def _texts(result: Result, kind: str) -> tuple[tuple[str, str], ...]:
    """The texts that a kind of attention is of, each with its name."""
    source = "text" if result.target is None else "source"
    texts = {source: result.text, "pair": result.pair, "target": result.target}
    names = {"encoder": (source, "pair"), "decoder": ("target",), "cross": ("target", source, "pair")}[kind]
    return tuple((name, text) for name in names if (text := texts[name]) is not None)


def _drawn(run: Run, raw_tokens: bool) -> "Iterator[Attention | Condensed]":
    """The matrices of each kind; a long text in blocks of maxima, never held as a whole."""
    if run.is_long:
        yield condensed((labelled(part, raw=raw_tokens) for part in ahead(run.parts())), run.shape)
    else:
        yield from _labelled_views(run, raw_tokens)


def _labelled_views(run: Run, raw_tokens: bool) -> "Iterator[Attention]":
    """The whole matrices of each kind."""
    return (labelled(attention, raw=raw_tokens) for attention in run.result().views.values())


def _largest(drawn: Attention | Condensed) -> float:
    """The largest weight; 1 for values with a scale of their own, up to their largest."""
    attention = drawn.attention if isinstance(drawn, Condensed) else drawn
    own_scale = attention.values not in SHARES or attention.reduce in PATHS
    return 1.0 if own_scale else float(attention.matrices.max())
