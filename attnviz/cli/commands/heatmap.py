"""``attnviz heatmap``: one figure, or one picture per head and an overview."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli.command import command, command_app
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.options import DrawnSource, SelectionOptions
from attnviz.cli.pictures.options import FigureOptions, PictureOptions
from attnviz.errors import UsageError
from attnviz.names import FILE_FORMATS, PICTURE_NORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.cli.pictures.places import PicturePlace

_EXAMPLES = """
attnviz heatmap "The cat sat on the table" -H L2H8 -o figure.pdf
attnviz heatmap "The cat sat on the table" -o out/
attnviz heatmap "The cat sat" -H L2H8,L1H7 -o figure.svg --style lines
attnviz heatmap "The cat sat" -H L2H8 -o figure.pdf --size 3.3in --no-title --caption
attnviz heatmap --file sentences.txt -o out/ --overview-only
attnviz show "The cat sat" --json | attnviz heatmap --attention - -o out/
"""


app = command_app()


@command(
    app,
    "heatmap",
    examples=_EXAMPLES,
    main="text out file model attention layer head values style size scale overview_only force",
    topic="heatmap",
)
def heatmap(
    source: DrawnSource,
    selection: SelectionOptions,
    parts: PartOptions,
    picture: PictureOptions,
    figure: FigureOptions,
) -> None:
    """Save attention as one figure, or as pictures of all heads.

    -o FIGURE.pdf is one figure: of one head, of several side by side, or of all. In a folder, the files are L00H00.png,
    ..., and overview.png; several texts go into numbered folders: out/text-001/, out/text-002/, ...
    """
    from attnviz.api.heatmaps import figure as draw_figure
    from attnviz.api.heatmaps import heatmaps
    from attnviz.api.picture_notes import PictureNotes
    from attnviz.cli.inputs import corpus_of, peeked, request_of
    from attnviz.cli.streams import note, progress
    from attnviz.output.pictures.rendering import PicturesRendering
    from attnviz.output.rendering import render
    from attnviz.sweeps.run import Run
    from attnviz.turns import turn_in

    source, place, looks = _prepared(source, picture, figure)
    is_stream = source.inputs.is_stream
    values = corpus_of(source, prints=False).values(request_of(selection, parts, people=True), Run.done)
    several, values = (True, values) if is_stream and not place.is_figure else peeked(values)
    if several and place.is_figure:
        raise UsageError("out: there are several texts, and a figure is of one; expected a folder, or one text")
    notes = PictureNotes(place.path, of_heads=not (picture.overview_only or picture.heads_by_similarity))

    def draw(run: Run, path: Path) -> "Sequence[Path]":
        if place.is_figure:
            report = place.drawn(partial(draw_figure, run, **looks))
        else:
            # Many texts have a bar of their own.
            with nullcontext() if is_stream else progress(source.common, str(path)) as step:
                report = heatmaps(run, path, progress=step, **looks)
        notes.add(run.bare.where, report)
        return report.paths

    def finish(paths: "Sequence[Path]") -> None:
        for text in notes.texts(paths):
            note(source.common, text)

    rendering = PicturesRendering(place.path or Path(), draw, several=several, finish=finish)
    with turn_in(rendering.folder) if several else nullcontext():  # a single text has its turn where it is drawn
        render((run for _, run in values), rendering)


def _prepared(
    source: DrawnSource, picture: PictureOptions, figure: FigureOptions
) -> "tuple[DrawnSource, PicturePlace, dict[str, Any]]":
    """The source with the format of its file, where the pictures go, and how they look: checked before anything runs.

    Raises:
        UsageError: options that contradict each other, or a value that cannot be.
        OutputError: a place that cannot be written to.
    """
    from attnviz.api.heatmaps import picture_formats
    from attnviz.cli.pictures.places import PicturePlace
    from attnviz.output.pictures.style import PictureStyle

    source, picture = _norms(source, picture)
    source, names = _formats(source, picture.format)
    formats = None if names is None else picture_formats(names)
    place = PicturePlace.of(picture.out, formats, force=picture.force, caption=figure.caption)
    if place.is_figure and picture.overview_only:
        raise UsageError("overview-only, out: a figure is one picture; expected a folder, or no --overview-only")
    looks, of_folder = picture.looks | figure.looks, {"formats": place.formats, "overview_only": picture.overview_only}
    PictureStyle(formats=place.formats, **looks)
    words = {"from_word": picture.from_word, "to_word": picture.to_word, "raw_tokens": picture.raw_tokens}
    looks |= {"by_similarity": picture.heads_by_similarity, "force": picture.force, **words}
    return source, place, looks if place.is_figure else {**looks, **of_folder}


def _formats(source: DrawnSource, names: str | None) -> tuple[DrawnSource, str | None]:
    """The names of ``--format`` without that of the file of texts, and the source with that."""
    listed = [] if names is None else names.split(",")
    of_files = [name for name in listed if name.strip().lower() in FILE_FORMATS]
    if not of_files:
        return source, names
    if len(of_files) > 1 or source.texts.file_format is not None:
        raise UsageError("format: several formats of a file of texts are given; expected one")
    texts = source.texts.replaced(file_format=of_files[0].strip().lower())
    return source.replaced(texts=texts), ",".join(name for name in listed if name not in of_files) or None


def _norms(source: DrawnSource, picture: PictureOptions) -> tuple[DrawnSource, PictureOptions]:
    """The source with the block's norm, if ``--norm`` names that, and the picture without it."""
    if picture.color_norm in PICTURE_NORMS:
        return source, picture
    block = source.block
    flag = None if "norm" in block.from_variables else block.values_by_name().get("norm")
    if flag not in (None, picture.color_norm):
        raise UsageError(f"norm, block-norm: {picture.color_norm} and {flag}; expected one norm of the block")
    block = block.replaced(norm=picture.color_norm, from_variables=block.from_variables - {"norm"})
    return source.replaced(block=block), picture.replaced(color_norm=PictureOptions.color_norm)
