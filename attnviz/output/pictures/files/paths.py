"""The names of picture files, and of the captions beside them."""

import os
from pathlib import Path

from attnviz.names import CAPTION_ENDING, PICTURE_FORMATS


def is_figure(path: Path) -> bool:
    """Whether a path is that of one figure, not of a folder: by its ending."""
    return path.suffix.removeprefix(".").lower() in PICTURE_FORMATS and not os.path.isdir(path)


def picture_path(place: Path, ending: str) -> Path:
    """The file of a picture in one format.

    Args:
        place: the file itself, however its ending is written; or its name without an ending.
        ending: of ``PICTURE_FORMATS``.
    """
    return place if place.suffix.lower() == f".{ending}" else place.with_name(f"{place.name}.{ending}")


def caption_path(place: Path) -> Path:
    """The file of the caption of a picture, which is given as in ``picture_path``."""
    is_file = place.suffix.lower().removeprefix(".") in PICTURE_FORMATS
    return place.with_suffix(CAPTION_ENDING) if is_file else place.with_name(place.name + CAPTION_ENDING)
