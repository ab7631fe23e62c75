"""``--cmap`` of pictures: the names of the colour maps, without loading Matplotlib."""

from typing import Annotated

from attnviz.cli.command import option
from attnviz.cli.help.pages import VIEW
from attnviz.output.colormaps import AMBER, PAPER, PICTURE_COLORMAPS, colormap_name


def complete_colormap(incomplete: str) -> list[str]:
    """Completes ``--cmap`` of pictures."""
    return [name for name in PICTURE_COLORMAPS if name.lower().startswith(incomplete.lower())]


def _picture_colormap(text: str) -> str:
    """The name of a picture's colour map; the terminal's own, which a variable may name for both, is the usual one."""
    return PAPER if text == AMBER else colormap_name(text)


ColormapName = Annotated[
    str,
    option(
        VIEW,
        "--cmap",
        metavar="NAME",
        envvar=["ATTNVIZ_PICTURE_CMAP", "ATTNVIZ_CMAP"],
        parser=_picture_colormap,
        autocompletion=complete_colormap,
        help="Colour map: paper, or a sequential one of Matplotlib, such as viridis or Greys. [default: paper]",
    ),
]
