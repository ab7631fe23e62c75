"""``attnviz heatmap``: one picture per head, and an overview."""

import re
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    VIEW,
    BlockOptions,
    ColormapName,
    CommonOptions,
    InputOptions,
    ManyOptions,
    ModelOptions,
    RawTokens,
    SelectionOptions,
    folder_name,
    option,
)
from attnviz.errors import UsageError, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from attnviz.output.pictures.condensed import Condensed
    from attnviz.sweeps.runs import Run
    from attnviz.trace.attention import Attention

FORMATS = ("png", "svg", "pdf")
_PICTURE = re.compile(r"((decoder|cross)-)?(L\d\d+(H\d\d+|mean|zeroing)|overview|similarity)")
_DARK = 0.1  # the largest weight, below which a picture on the scale from 0 to 1 shows next to nothing

_EXAMPLES = """
attnviz heatmap "The cat sat on the mat" -o out/
attnviz heatmap "The cat sat on the mat" -o out/ --layer 0 --format svg,pdf
attnviz heatmap --file sentences.txt -o out/ --overview-only
attnviz heatmap "The cat sat on the mat" -o out/ --heads-by-similarity
attnviz show "The cat sat" --json | attnviz heatmap --attention - -o out/
"""


class PictureOptions(Options):
    """How pictures look, and where they go."""

    out: Annotated[
        Path,
        option(
            VIEW,
            "-o",
            "--out",
            metavar="PATH",
            parser=folder_name,
            help="Folder for the pictures; made if it is not there.",
        ),
    ]
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
            help="Only similarity.png: the distances between heads, similar ones together.",
        ),
    ] = False
    raw_tokens: RawTokens = False
    force: Annotated[
        bool, option(VIEW, "--force", help="Replace files of these names that attnviz did not write, too.")
    ] = False


app = command_app()


@command(app, "heatmap", examples=_EXAMPLES)
def heatmap(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: SelectionOptions,
    picture: PictureOptions,
    many: ManyOptions,
    common: CommonOptions,
) -> None:
    """Save attention matrices as pictures: L00H00.png, ..., and overview.png.

    Several texts go into numbered folders: out/text-001/, out/text-002/, ...
    """
    from attnviz.cli.inputs import peeked, request_of, swept_runs
    from attnviz.cli.streams import note, progress
    from attnviz.sweeps.runs import Run

    formats = _formats(picture.format)
    if picture.overview_only and picture.heads_by_similarity:
        raise UsageError("overview-only, heads-by-similarity: both are given; expected one of them")
    told = _Told(picture)
    sweep = partial(swept_runs, inputs, models, block, common, request_of(selection), Run.done, many)
    swept = sweep(prints=False, beside=True)
    several, found = (True, swept) if inputs.is_stream else peeked(swept)
    for number, (_, run) in enumerate(found, start=1):
        folder = picture.out / f"text-{number:03d}" if several else picture.out
        told.begin(folder, number, run.bare.where)
        # Many texts have a bar of their own.
        with nullcontext() if inputs.is_stream else progress(common, str(folder)) as report:
            for drawn in _drawn(run, picture):
                told.add(drawn, _write(drawn, folder, formats, picture, report, told.fonts.append))
        told.end(folder)
    for text in told.notes():
        note(common, text)


class _Told:
    """What there is to say of pictures when all are written; ``fonts``: notes, of which the first says it all."""

    def __init__(self, picture: PictureOptions):
        self.fonts: list[str] = []
        self._picture = picture
        self._shifted: list[str] = []  # from which text on the folders have other numbers than the lines
        self._largest, self._written = 0.0, 0  # of all weights; how many pictures
        self._paths: list[Path] = []  # of the text that is drawn
        self._others: list[str] = []  # pictures of an earlier run that stay beside them

    def begin(self, folder: Path, number: int, where: str) -> None:
        """The pictures of a text begin, which is this one of them and stands there in its file."""
        from attnviz.trace.result import line_of

        line = line_of(where)
        if line not in (None, number) and not self._shifted:
            self._shifted = [f"{folder.name} is of line {line}, as lines without a usable text have no folder"]
        self._paths = []

    def add(self, drawn: "Attention | Condensed", paths: list[Path]) -> None:
        """What was drawn of it, and where."""
        self._largest = max(self._largest, _largest(drawn))
        self._paths += paths

    def end(self, folder: Path) -> None:
        """They are all there."""
        self._written += len(self._paths)
        self._others += _others(folder, self._paths)

    def notes(self) -> "Iterator[str]":
        """All of it."""
        yield from (*self.fonts[:1], *self._shifted)
        of_heads = not (self._picture.overview_only or self._picture.heads_by_similarity)
        if of_heads and self._picture.scale == "shared" and 0 < self._largest < _DARK:
            dark = f"no weight is above {self._largest:.2g}, and colours go from 0 to 1"
            yield f"{dark}: --scale head gives each picture a scale of its own"
        written = f"{self._written} picture{'s' * (self._written != 1)} written"
        if of_heads and self._others:
            written += f", beside {len(self._others)} of an earlier run ({some(self._others, 1)})"
        yield f"{self._picture.out}: {written}"


def _others(folder: Path, written: list[Path]) -> list[str]:
    """Pictures of the same formats in a folder that were not written now, and so are perhaps of another text."""
    endings = {path.suffix for path in written}
    there = {path for path in folder.iterdir() if path.suffix in endings and _PICTURE.fullmatch(path.stem)}
    return sorted(path.name for path in there - set(written))


def _largest(drawn: "Attention | Condensed") -> float:
    """The largest weight; 1 of what has a scale of its own, up to its largest value."""
    from attnviz.names import PATHS, SHARES
    from attnviz.output.pictures.condensed import Condensed

    attention = drawn.attention if isinstance(drawn, Condensed) else drawn
    own = attention.what not in SHARES or attention.reduce in PATHS
    return 1.0 if own else float(attention.matrices.max())


def _drawn(run: "Run", picture: PictureOptions) -> "Iterator[Attention | Condensed]":
    """What there is to draw, of each kind; of a long text in blocks of maxima, without ever holding it all."""
    from attnviz.cli.inputs import labelled

    if run.is_long and not picture.heads_by_similarity:
        from attnviz.analysis.matrices.parts import ahead
        from attnviz.output.pictures.condensed import condensed

        yield condensed((labelled(part, raw=picture.raw_tokens) for part in ahead(run.parts())), run.shape)
        return
    for attention in run.result().views.values():
        yield labelled(attention, raw=picture.raw_tokens)


def _write(
    attention: "Attention | Condensed",
    folder: Path,
    formats: tuple[str, ...],
    picture: PictureOptions,
    report: "Callable[[int, int], None] | None",
    say: "Callable[[str], None]",
) -> list[Path]:
    if picture.heads_by_similarity:
        from attnviz.analysis.heads.clusters import head_clusters, head_distances
        from attnviz.output.pictures.similarity import write_similarity

        distances = head_distances(attention)
        return write_similarity(
            attention,
            distances,
            head_clusters(distances).order,
            folder,
            formats=formats,
            cmap=picture.cmap,
            dpi=picture.dpi,
            scale=picture.scale,
            force=picture.force,
            note=say,
        )
    from attnviz.output.pictures.figures import write_heatmaps

    return write_heatmaps(
        attention,
        folder,
        formats=formats,
        cmap=picture.cmap,
        dpi=picture.dpi,
        scale=picture.scale,
        overview_only=picture.overview_only,
        force=picture.force,
        progress=report,
        note=say,
    )


def _formats(text: str) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"format: {name!r} is not known; expected some of {', '.join(FORMATS)}")
    return formats
