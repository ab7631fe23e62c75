"""``attnviz heatmap``: one picture per head, and an overview."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    VIEW,
    ColormapName,
    Force,
    ManySource,
    RawTokens,
    SelectionOptions,
    folder_option,
    option,
)
from attnviz.errors import UsageError, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attnviz.api.heatmaps import HeatmapReport

_PICTURE = re.compile(r"((decoder|cross)-)?(L\d\d+(H\d\d+|mean|zeroing)|overview|similarity)")
_DARK = 0.1  # the largest weight, below which a picture on the scale from 0 to 1 shows next to nothing

_EXAMPLES = """
attnviz heatmap "The cat sat on the mat" -o out/
attnviz heatmap "The cat sat on the mat" -o out/ --layer 0 --format svg,pdf
attnviz heatmap --file sentences.txt -o out/ --overview-only
attnviz show "The cat sat" --json | attnviz heatmap --attention - -o out/
"""


class PictureOptions(Options):
    """How pictures look, and where they go."""

    out: Annotated[Path, folder_option("Folder for the pictures; made if it is not there.")]
    format: Annotated[
        str, option(VIEW, "--format", metavar="NAMES", help="png, svg, pdf, or several. [default: png]")
    ] = "png"
    cmap: ColormapName = "viridis"
    dpi: Annotated[
        int, option(VIEW, "--dpi", metavar="N", min=30, max=1200, help="Dots per inch of PNG. [default: 150]")
    ] = 150
    scale: Annotated[
        Literal["shared", "head"], option(VIEW, "--scale", help="One colour scale, or one a head. [default: shared]")
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


@command(app, "heatmap", examples=_EXAMPLES)
def heatmap(
    source: ManySource,
    selection: SelectionOptions,
    picture: PictureOptions,
) -> None:
    """Save attention matrices as pictures: L00H00.png, ..., and overview.png.

    Several texts go into numbered folders: out/text-001/, out/text-002/, ...
    """
    from attnviz.api.heatmaps import heatmaps, picture_formats
    from attnviz.cli.inputs import corpus_of, peeked, request_of
    from attnviz.cli.streams import note, progress
    from attnviz.output.pictures.rendering import PicturesRendering
    from attnviz.output.rendering import render
    from attnviz.sweeps.runs import Run

    formats = picture_formats(picture.format)
    if picture.overview_only and picture.heads_by_similarity:
        raise UsageError("overview-only, heads-by-similarity: both are given; expected one of them")
    looks = {name: getattr(picture, name) for name in ("cmap", "dpi", "scale", "force", "raw_tokens")}
    if picture.heads_by_similarity:
        looks["by_similarity"] = True
    else:
        looks["overview_only"] = picture.overview_only
    is_stream = source.inputs.is_stream
    values = corpus_of(source, prints=False).values(request_of(selection, people=True), Run.done, beside=True)
    several, values = (True, values) if is_stream else peeked(values)
    written = _Written(picture)

    def draw(run: Run, folder: Path) -> "Sequence[Path]":
        # Many texts have a bar of their own.
        with nullcontext() if is_stream else progress(source.common, str(folder)) as step:
            report = heatmaps(run, folder, formats=formats, progress=step, **looks)
        written.add(run.bare.where, report)
        return report.paths

    def finish(paths: "Sequence[Path]") -> None:
        for text in written.notes(len(paths)):
            note(source.common, text)

    render((run for _, run in values), PicturesRendering(picture.out, draw, several=several, finish=finish))


class _Written:
    """The notes on pictures, once all are written."""

    def __init__(self, picture: PictureOptions):
        self._picture = picture
        self._fonts: list[str] = []  # notes, the first of which is enough
        self._shifted: list[str] = []  # the first folder whose number is not that of its line
        self._texts, self._largest = 0, 0.0  # their number; the largest weight
        self._others: list[str] = []  # pictures of an earlier run in the same folders

    def add(self, where: str, report: "HeatmapReport") -> None:
        """The pictures of one text, and its place in its file."""
        from attnviz.trace.result import line_of

        self._texts += 1
        line = line_of(where)
        if line not in (None, self._texts) and not self._shifted:
            self._shifted = [f"{report.folder.name} is of line {line}, as lines without a usable text have no folder"]
        self._fonts += report.notes
        self._largest = max(self._largest, report.largest)
        self._others += _others(report.folder, report.paths)

    def notes(self, n_pictures: int) -> "Iterator[str]":
        """All notes, on so many pictures."""
        yield from (*self._fonts[:1], *self._shifted)
        of_heads = not (self._picture.overview_only or self._picture.heads_by_similarity)
        if of_heads and self._picture.scale == "shared" and 0 < self._largest < _DARK:
            dark = f"no weight is above {self._largest:.2g}, and colours go from 0 to 1"
            yield f"{dark}: --scale head gives each picture a scale of its own"
        written = f"{n_pictures} picture{'s' * (n_pictures != 1)} written"
        if of_heads and self._others:
            written += f", beside {len(self._others)} of an earlier run ({some(self._others, 1)})"
        yield f"{self._picture.out}: {written}"


def _others(folder: Path, written: "Sequence[Path]") -> list[str]:
    """Pictures of the same formats in a folder that were not written now, and so are perhaps of another text."""
    endings = {path.suffix for path in written}
    there = {path for path in folder.iterdir() if path.suffix in endings and _PICTURE.fullmatch(path.stem)}
    return sorted(path.name for path in there - set(written))
