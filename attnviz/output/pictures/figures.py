"""Heat maps as files: which pictures there are, drawn one after the other, encoded by two threads, written whole."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from attnviz.files import own_folder, write_atomically
from attnviz.output.colormaps import PAPER
from attnviz.output.pictures import pictures
from attnviz.output.pictures.condensed import Condensed
from attnviz.output.pictures.drawing import Plate, draw_plate, families_for, own_settings, vector
from attnviz.output.pictures.encoding import CREATOR, png
from attnviz.output.pictures.fonts import Instead, characters, missing_note, replacements
from attnviz.output.pictures.pictures import Picture, Sheet
from attnviz.output.pictures.style import PictureStyle
from attnviz.trace.attention import Attention

_THREADS = 2
_WAITING = 4


def write_heatmaps(
    attention: Attention | Condensed,
    folder: str | Path,
    *,
    formats: Sequence[str] = ("png",),
    cmap: str = PAPER,
    dpi: int = 150,
    scale: str = "shared",
    overview_only: bool = False,
    force: bool = False,
    note: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Writes an overview of all matrices and one picture of each.

    The files are ``overview.png``, ``L00H00.png``, ..., or ``L00mean.png``, ``mean.png``, ``rollout.png`` where heads
    or layers are reduced, ``L00zeroing.png`` where values are of layers; those of decoder and cross-attention begin
    with ``decoder-`` and ``cross-``. Those of an earlier run are replaced; nothing else in the folder is touched.
    The same input gives the same bytes.

    Args:
        attention: (n_layers, n_heads, n_queries, n_keys) with its labels; or what ``condensed`` made of parts of it.
        folder: where to; made if needed.
        formats: any of ``png``, ``svg``, ``pdf``.
        cmap: a name of ``PICTURE_COLORMAPS``; changes have a diverging one of their own.
        dpi: pixels an inch.
        scale: ``shared`` (0 to 1 for weights, the common extremes for scores) or ``head`` (each picture its own; that
            of the overview ends at the largest value of all).
        overview_only: leave the pictures of single matrices out.
        force: also replace files of these names that attnviz did not write.
        note: told once which characters no installed font has.
        progress: told (pictures done, pictures in all).

    Returns:
        The files, in the order in which they were written.

    Raises:
        UsageError: an unknown format, colour map or scale, or a dpi out of range.
        OutputError: the folder or a file cannot be written, or is another program's; the files before it are whole.
    """
    style = PictureStyle(tuple(formats), cmap, dpi, scale)
    attention, strides, sentences = attention if isinstance(attention, Condensed) else (attention, (1, 1), None)
    folder, palette = own_folder(folder), style.palette(attention.values)
    families, instead = chosen_fonts(attention, note)
    overview = partial(pictures.overview_sheet, dpi=dpi, instead=instead, strides=strides)
    shown, (sheet, grids, gap) = pictures.fitted(attention, overview)
    works = [(sheet, [pictures.overview_picture(shown, grids, gap, palette, scale, sentences)])]
    if not overview_only:
        heads = partial(pictures.head_sheet, dpi=dpi, instead=instead, strides=strides)
        shown, (sheet, grids) = pictures.fitted(attention, heads)
        works.append((sheet, pictures.head_pictures(shown, grids, palette, scale, sentences)))
    return write_sheets(works, style, palette, families, folder, force=force, progress=progress)


def write_sheets(
    works: Sequence[tuple[Sheet, Sequence[Picture]]],
    style: PictureStyle,
    palette: np.ndarray,
    families: Sequence[str],
    folder: Path,
    *,
    force: bool,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Writes the pictures of each sheet; the files, in order."""
    total = sum(len(plates) for _, plates in works)
    written: list[list[Path]] = []
    with own_settings():
        for sheet, plates in works:
            plate = draw_plate(sheet, plates, palette, style.dpi, families)
            for paths in _write(plate, sheet, plates, folder, list(dict.fromkeys(style.formats)), force=force):
                written.append(paths)
                if progress:
                    progress(len(written), total)
    return [path for paths in written for path in paths]


def chosen_fonts(attention: Attention, note: Callable[[str], None] | None) -> tuple[tuple[str, ...], Instead]:
    """The fonts for all labels, and what replaces characters that none has; ``note`` gets one line about them."""
    families, missing = families_for(characters(attention))
    if note and (text := missing_note(missing)):
        note(text)
    return families, replacements(missing)


def _write(
    plate: Plate, sheet: Sheet, plates: Sequence[Picture], folder: Path, formats: Sequence[str], *, force: bool
) -> Iterator[list[Path]]:
    """Draws in this thread and encodes PNG files in two others; yields each picture's files when they are there."""
    waiting: deque[tuple[list[Path], list[Future[None]]]] = deque()
    with ThreadPoolExecutor(_THREADS) as encoders:
        for picture in plates:
            plate.show(picture)
            title = f"{picture.title} ({sheet.subtitle}; {picture.scale.words})"
            words = {"Title": title, "Description": picture.description, "Source": sheet.provenance.replace("\n", "; ")}
            # What lets a later run know the file for one of its own.
            words["Creator"] = CREATOR
            paths, futures = [folder / f"{picture.stem}.{ending}" for ending in formats], []
            for path, ending in zip(paths, formats, strict=True):
                if ending == "png":
                    dpi = round(plate.figure.dpi)
                    futures.append(encoders.submit(_write_png, path, plate.pixels(), words, dpi, force=force))
                else:
                    _save(path, vector(plate.figure, ending, words), force=force)
            waiting.append((paths, futures))
            while len(waiting) > _WAITING:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)


def _finished(waiting: deque[tuple[list[Path], list[Future[None]]]]) -> list[Path]:
    paths, futures = waiting.popleft()
    for future in futures:
        future.result()
    return paths


def _write_png(path: Path, pixels: np.ndarray, words: dict[str, str], dpi: int, *, force: bool) -> None:
    _save(path, png(pixels, words, dpi), force=force)


def _save(path: Path, data: bytes, *, force: bool) -> None:
    """Writes a picture, over an earlier one of attnviz's own too; over anything else only if it must."""
    write_atomically(path, data, overwrite=force or _is_ours(path))


def _is_ours(path: Path) -> bool:
    try:
        return CREATOR.encode() in path.read_bytes()
    except OSError:
        return False
