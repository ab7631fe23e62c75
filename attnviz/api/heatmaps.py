"""Heat maps as files: one figure, one picture per head and an overview, or the similarity of heads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.analysis.heads.clusters import head_clusters, head_distances
from attnviz.analysis.heads.report import HeadReport
from attnviz.analysis.matrices.parts import ahead
from attnviz.analysis.matrices.spelling import find_word, labelled
from attnviz.errors import UsageError, brief, one_line
from attnviz.names import PICTURE_FORMATS
from attnviz.output.pictures.files.paths import caption_path, is_figure
from attnviz.output.pictures.matrices.condensed import Condensed, condensed
from attnviz.output.signatures import is_written_by_attnviz
from attnviz.output.words import KIND_NAMES
from attnviz.outputs import check_file
from attnviz.records import dataclass
from attnviz.sweeps.run import Run
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from attnviz.output.pictures.style import PictureStyle


@dataclass(frozen=True)
class HeatmapReport:
    """The pictures of one text.

    Attributes:
        folder: their folder.
        paths: the files, in the order in which they were written.
        notes: on fonts that lack a character, and on what a picture leaves out.
    """

    folder: Path
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = field(default=())


def heatmaps(
    result: Result | Run,
    folder: str | Path,
    *,
    formats: str | Iterable[str] = "png",
    by_similarity: bool = False,
    overview_only: bool = False,
    raw_tokens: bool = False,
    from_word: str | None = None,
    to_word: str | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **looks: Any,
) -> HeatmapReport:
    """Writes one picture per head, and of several heads ``overview``; or with ``by_similarity`` only ``similarity``.

    Args:
        result: from ``run`` or ``read_attention``; or the run of a long text, which is drawn a part at a time.
        folder: where the files go; created if missing.
        formats: ``png``, ``svg``, ``pdf``, separated by commas, or a list of them.
        by_similarity: draw the Jensen-Shannon distances between heads, similar heads together.
        overview_only: leave out the pictures of single heads.
        raw_tokens: label tokens in the tokenizer's own spelling.
        from_word: in kinds other than ``matrix``, the word whose row is shown, as in ``attnviz show --from``.
        to_word: in kinds other than ``matrix``, the word whose column is shown.
        force: replace files that attnviz did not write.
        progress: called with (pictures written, pictures in all).
        looks: ``kind`` (``matrix``, ``lines``, ``arcs``, ``text``), ``cmap``, ``scale`` (``shared`` or ``head``),
            ``range`` (``"0:0.2"``), ``norm`` (``linear``, ``sqrt``, ``log``), ``numbers``, ``size`` (``"3.3in"``),
            ``font_size``, ``title`` (an empty one leaves out all words around a drawing), ``caption``,
            ``outline_text``, ``dpi``.

    Raises:
        UsageError: an unknown format or look, matrices that are not of single heads, or a word that is not there.
        OutputError: the folder cannot be written to, or has files that attnviz did not write.
    """
    from attnviz.output.pictures.figures import write_heatmaps

    formats = picture_formats(formats if isinstance(formats, str) else ",".join(formats))
    style, folder, notes = _style(formats, looks), Path(folder), list[str]()
    paths: list[Path] = []
    run = Run.of(result) if isinstance(result, Result) else result
    views = list(_drawn(run, raw_tokens, style, whole=by_similarity))
    places = _word_places(views, from_word, to_word)
    for view, place in zip(views, places, strict=True):
        attention = _attention(view)
        common: dict[str, Any] = {"force": force, "note": notes.append}
        common["prefix"] = f"{attention.kind}-" if len(views) > 1 else ""
        if by_similarity:
            paths += _write_similarity(attention, folder, style, **common)
        elif place is not None:
            common |= {"overview_only": overview_only, "progress": progress, "texts": _texts(run.bare, attention.kind)}
            paths += write_heatmaps(view, folder, style, **common, **place)
    return HeatmapReport(folder, tuple(paths), tuple(dict.fromkeys(notes)))


def figure(
    result: Result | Run,
    path: str | Path,
    *,
    by_similarity: bool = False,
    raw_tokens: bool = False,
    from_word: str | None = None,
    to_word: str | None = None,
    force: bool = False,
    **looks: Any,
) -> HeatmapReport:
    """Writes one figure in one file: one head, several heads side by side, or an overview of all.

    >>> import attnviz
    >>> result = attnviz.run("The cat sat on the table", heads="L2H8")
    >>> attnviz.figure(result, "figure.pdf", size="3.3in").paths  # doctest: +SKIP
    (PosixPath('figure.pdf'),)

    Args:
        result: from ``run`` or ``read_attention``; of several kinds of attention the last is drawn, cross-attention.
        path: of the file, whose name ends in ``.png``, ``.svg`` or ``.pdf``.
        by_similarity: draw the Jensen-Shannon distances between heads, similar heads together.
        raw_tokens: see ``heatmaps``.
        from_word: see ``heatmaps``.
        to_word: see ``heatmaps``.
        force: replace a file that attnviz did not write.
        looks: see ``heatmaps``.

    Raises:
        UsageError: an unknown format or look, or a word that is not there.
        OutputError: the file cannot be written, or is another program's.
    """
    from attnviz.output.pictures.figures import write_figure

    path, notes = Path(path), list[str]()
    style = _style(_formats_of(path), looks)
    check_figure(path, force=force, caption=style.caption)
    run = Run.of(result) if isinstance(result, Result) else result
    views = list(_drawn(run, raw_tokens, style, whole=by_similarity))
    if len(views) > 1:
        views = views[-1:]  # the last kind is cross-attention: a target is there for that
        notes.append(f"figure of the {KIND_NAMES[_attention(views[0]).kind]}; --kind draws another one")
    (view,), (place,) = views, _word_places(views, from_word, to_word)
    if by_similarity:
        paths = _write_similarity(_attention(view), path, style, force=force, note=notes.append)
    else:
        texts = _texts(run.bare, _attention(view).kind)
        paths = write_figure(view, path, style, **(place or {}), texts=texts, force=force, note=notes.append)
    return HeatmapReport(path.parent, tuple(paths), tuple(dict.fromkeys(notes)))


def similarity_picture(report: HeadReport, path: str | Path, *, force: bool = False, **looks: Any) -> HeatmapReport:
    """Draws the distances between the heads of ``heads(..., cluster=True)``, means over its texts.

    Args:
        report: from ``heads``.
        path: a file, as in ``figure``; else a folder, in which ``similarity`` is written.
        force: replace a file that attnviz did not write.
        looks: ``formats`` (of a folder), and those of ``heatmaps``.

    Raises:
        UsageError: the report has no clusters.
        OutputError: the file cannot be written, or is another program's.
    """
    if report.clustered is None:
        raise UsageError("similarity: the report has no distances between heads; expected heads(..., cluster=True)")
    from attnviz.output.pictures.figures import write_similarity

    path, notes = Path(path), list[str]()
    style = styled_for(path, looks, force=force)
    distances, clusters = report.clustered.distances, report.clustered.clusters
    paths = write_similarity(report.attention, distances, clusters, path, style, force=force, note=notes.append)
    return HeatmapReport(path.parent if is_figure(path) else path, tuple(paths), tuple(notes))


def styled_for(path: Path, looks: Mapping[str, Any], *, force: bool) -> "PictureStyle":
    """The style of pictures that go to a file, which has to be free, or to a folder.

    Args:
        path: a file or a folder.
        looks: the attributes of the style; its formats count for a folder.
        force: replace files that attnviz did not write.

    Raises:
        UsageError: a look that cannot be.
        OutputError: the file cannot be written, or is another program's.
    """
    if not is_figure(path):
        return _style(tuple(looks.get("formats", ("png",))), {k: v for k, v in looks.items() if k != "formats"})
    style = _style(_formats_of(path), {name: value for name, value in looks.items() if name != "formats"})
    check_figure(path, force=force, caption=style.caption)
    return style


def check_figure(path: Path, *, force: bool, caption: bool) -> None:
    """Refuses a file that cannot be written, before anything is drawn.

    Args:
        path: the file.
        force: replace files that attnviz did not write.
        caption: whether a text file is written beside it.

    Raises:
        OutputError: its folder is missing, or another program wrote it.
    """
    for file in (path, *([caption_path(path)] * caption)):
        check_file(file, is_replaceable=lambda file: force or is_written_by_attnviz(file))


def picture_formats(text: str) -> tuple[str, ...]:
    """The formats of a list separated by commas.

    Raises:
        UsageError: one that is not known.
    """
    formats = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    for name in formats:
        if name not in PICTURE_FORMATS:
            raise UsageError(f"format: {brief(name)!r} is not known; expected some of {', '.join(PICTURE_FORMATS)}")
    return formats


def _formats_of(path: Path) -> tuple[str]:
    """The format of a figure, by the ending of its name.

    Raises:
        UsageError: there is none, or it is not known.
    """
    ending = path.suffix.removeprefix(".").lower()
    if ending not in PICTURE_FORMATS:
        raise UsageError(f"path: {one_line(path)} is not the name of a picture; expected .png, .svg or .pdf at its end")
    return (ending,)


def _style(formats: tuple[str, ...], looks: Mapping[str, Any]) -> "PictureStyle":
    from attnviz.output.pictures.style import PictureStyle

    return PictureStyle(formats=formats, **looks)


def _write_similarity(attention: Attention, path: Path, style: "PictureStyle", **more: Any) -> list[Path]:
    from attnviz.output.pictures.figures import write_similarity

    distances = head_distances(attention)
    return write_similarity(attention, distances, head_clusters(distances), path, style, **more)


def _texts(result: Result, kind: str) -> tuple[tuple[str, str], ...]:
    """The texts that a kind of attention is of, each with its name."""
    source = "text" if result.target is None else "source"
    texts = {source: result.text, "pair": result.pair, "target": result.target}
    names = {"encoder": (source, "pair"), "decoder": ("target",), "cross": ("target", source, "pair")}[kind]
    return tuple((name, text) for name in names if (text := texts[name]) is not None)


def _word_places(
    views: "list[Attention | Condensed]", from_word: str | None, to_word: str | None
) -> list[dict[str, Any] | None]:
    """The index of the word that is asked about in each kind of attention; None where a kind has no such word.

    Raises:
        UsageError: no kind has the word.
    """
    side, word = ("from", from_word) if from_word is not None else ("to", to_word)
    if word is None:
        return [{}] * len(views)
    places: list[dict[str, Any] | None] = []
    problem: UsageError | None = None
    for attention in map(_attention, views):
        try:
            if side == "from":
                places.append({"query": find_word(word, attention.queries, side)})
            else:
                places.append({"key": find_word(word, attention.keys, side)})
        except UsageError as error:
            places.append(None)
            problem = error
    if problem is not None and not any(places):
        raise problem
    return places


def _attention(view: Attention | Condensed) -> Attention:
    return view.attention if isinstance(view, Condensed) else view


def _drawn(run: Run, raw_tokens: bool, style: "PictureStyle", *, whole: bool) -> Iterator[Attention | Condensed]:
    """The matrices of each kind; a long text in blocks of maxima, never held as a whole.

    Raises:
        UsageError: a long text in a style that needs each number.
    """
    if not run.is_long or whole:
        yield from (labelled(attention, raw=raw_tokens) for attention in run.result().views.values())
        return
    if style.kind != "matrix":
        raise UsageError(
            f"style: {style.kind} needs whole matrices, and they are too large; expected one head, or matrix"
        )
    yield condensed((labelled(part, raw=raw_tokens) for part in ahead(run.parts())), run.shape)
