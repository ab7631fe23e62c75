"""``attnviz heatmap``: one picture per head, and an overview."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.groups.colormaps import ColormapName
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.help.pages import OUTPUT, VIEW
from attnviz.cli.options import DrawnSource, Force, RawTokens, SelectionOptions, folder_option
from attnviz.errors import UsageError
from attnviz.names import FILE_FORMATS
from attnviz.output.colormaps import PAPER

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = """
attnviz heatmap "The cat sat on the table" -o out/
attnviz heatmap "The cat sat on the table" -o out/ --layer 0 --format svg,pdf
attnviz heatmap --file sentences.txt -o out/ --overview-only
attnviz show "The cat sat" --json | attnviz heatmap --attention - -o out/
"""


class PictureOptions(Options):
    """How pictures look, and where they go."""

    out: Annotated[Path, folder_option("Output folder, created if missing.")]
    format: Annotated[
        str,
        option(
            OUTPUT,
            "--format",
            metavar="NAMES",
            help="png, svg, pdf, or several; that of --file too, such as jsonl. [default: png]",
        ),
    ] = "png"
    cmap: ColormapName = PAPER
    dpi: Annotated[
        int, option(VIEW, "--dpi", metavar="N", min=30, max=1200, help="Dots per inch of PNG. [default: 150]")
    ] = 150
    scale: Annotated[
        Literal["shared", "head"],
        option(VIEW, "--scale", help="One colour scale for all heads, or one per head. [default: shared]"),
    ] = "shared"
    overview_only: Annotated[bool, option(VIEW, "--overview-only", help="Only overview.png.")] = False
    heads_by_similarity: Annotated[
        bool,
        option(
            VIEW,
            "--heads-by-similarity",
            help="Only similarity.png: the distances between heads (see heads --cluster -o DIR).",
            hidden=True,
        ),
    ] = False
    raw_tokens: RawTokens = False
    force: Force = False


app = command_app()


@command(
    app,
    "heatmap",
    examples=_EXAMPLES,
    main="text out file model attention layer head values format scale overview_only force",
    topic="heatmap",
)
def heatmap(
    source: DrawnSource,
    selection: SelectionOptions,
    parts: PartOptions,
    picture: PictureOptions,
) -> None:
    """Save attention as pictures: one per head, and an overview.

    The files are L00H00.png, ..., and overview.png. Several texts go into numbered folders: out/text-001/,
    out/text-002/, ...
    """
    from attnviz.api.heatmaps import heatmaps, picture_formats
    from attnviz.api.picture_notes import PictureNotes
    from attnviz.cli.inputs import corpus_of, peeked, request_of
    from attnviz.cli.streams import note, progress
    from attnviz.output.pictures.rendering import PicturesRendering
    from attnviz.output.rendering import render
    from attnviz.sweeps.runs import Run

    source, names = _formats(source, picture.format)
    formats = picture_formats(names)
    if picture.overview_only and picture.heads_by_similarity:
        raise UsageError("overview-only, heads-by-similarity: both are given; expected one of them")
    looks = {name: getattr(picture, name) for name in ("cmap", "dpi", "scale", "force", "raw_tokens")}
    if picture.heads_by_similarity:
        looks["by_similarity"] = True
    else:
        looks["overview_only"] = picture.overview_only
    is_stream = source.inputs.is_stream
    values = corpus_of(source, prints=False).values(request_of(selection, parts, people=True), Run.done, beside=True)
    several, values = (True, values) if is_stream else peeked(values)
    of_heads = not (picture.overview_only or picture.heads_by_similarity)
    shared = picture.scale == "shared" and not picture.heads_by_similarity
    notes = PictureNotes(picture.out, of_heads=of_heads, shared=shared)

    def draw(run: Run, folder: Path) -> "Sequence[Path]":
        # Many texts have a bar of their own.
        with nullcontext() if is_stream else progress(source.common, str(folder)) as step:
            report = heatmaps(run, folder, formats=formats, progress=step, **looks)
        notes.add(run.bare.where, report)
        return report.paths

    def finish(paths: "Sequence[Path]") -> None:
        for text in notes.texts(len(paths)):
            note(source.common, text)

    render((run for _, run in values), PicturesRendering(picture.out, draw, several=several, finish=finish))


def _formats(source: DrawnSource, names: str) -> tuple[DrawnSource, str]:
    """The names of ``--format`` without that of the file of texts, and the source with that."""
    listed = names.split(",")
    of_files = [name for name in listed if name.strip().lower() in FILE_FORMATS]
    if not of_files:
        return source, names
    if len(of_files) > 1 or source.texts.file_format is not None:
        raise UsageError("format: several formats of a file of texts are given; expected one")
    texts = source.texts.replaced(file_format=of_files[0].strip().lower())
    return source.replaced(texts=texts), ",".join(name for name in listed if name not in of_files) or "png"
