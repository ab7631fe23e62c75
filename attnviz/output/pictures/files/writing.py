"""Scenes as files: drawn one after the other, encoded by two threads, written whole."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from attnviz.output.pictures.drawing import Drawing
from attnviz.output.pictures.files.encoding import png
from attnviz.output.pictures.files.paths import caption_path, picture_path
from attnviz.output.pictures.scene import Scene
from attnviz.output.pictures.style import PictureStyle
from attnviz.output.signatures import CAPTION_SIGNATURE, CREATOR, is_written_by_attnviz
from attnviz.outputs import write_atomically

_THREADS = 2
_WAITING = 4


def write_scenes(
    scenes: Iterable[tuple[Path, Scene]], style: PictureStyle, families: Sequence[str], *, force: bool
) -> Iterator[list[Path]]:
    """Writes scenes in every format of the style; yields the files of each scene once they are there.

    PNG files are encoded in two threads while the next scenes are drawn.

    Args:
        scenes: each with its file's path, without the ending if there are several formats.
        style: formats, resolution, caption.
        families: fonts.
        force: also replace files that attnviz did not write.

    Raises:
        OutputError: a file cannot be written, or is another program's; the files before it are whole.
    """
    drawing = Drawing(families, style.dpi)
    waiting: deque[tuple[list[Path], list[Future[None]]]] = deque()
    with ThreadPoolExecutor(_THREADS) as encoders:
        for place, scene in scenes:
            paths, futures = [], []
            for ending in dict.fromkeys(style.formats):
                path = picture_path(place, ending)
                paths.append(path)
                if ending == "png":
                    pixels = drawing.pixels(scene)
                    futures.append(encoders.submit(_write_png, path, pixels, scene, style.dpi, force=force))
                else:
                    data = drawing.vector(scene, ending, outline_text=style.outline_text)
                    save_picture(path, data, force=force)
            if style.caption:
                paths.append(caption_path(place))
                save_picture(paths[-1], f"{scene.caption} {CAPTION_SIGNATURE}\n".encode(errors="replace"), force=force)
            waiting.append((paths, futures))
            while len(waiting) > _WAITING:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)


def save_picture(path: Path, data: bytes, *, force: bool) -> None:
    """Writes a picture, over an earlier one of attnviz's own too; over anything else only if it must."""
    write_atomically(path, data, overwrite=force or is_written_by_attnviz(path))


def _finished(waiting: deque[tuple[list[Path], list[Future[None]]]]) -> list[Path]:
    paths, futures = waiting.popleft()
    for future in futures:
        future.result()
    return paths


def _write_png(path: Path, pixels: np.ndarray, scene: Scene, dpi: int, *, force: bool) -> None:
    words = {
        "Title": scene.title,
        "Description": scene.description,
        "Source": scene.source,
        "Creator": CREATOR,  # what lets a later run know the file for one of its own
    }
    save_picture(path, png(pixels, words, dpi), force=force)
