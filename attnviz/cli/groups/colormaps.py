"""``--cmap`` of pictures: the names of the colour maps, without loading Matplotlib."""

from typing import Annotated

from attnviz.cli.command import option
from attnviz.cli.help.pages import VIEW
from attnviz.output.colormaps import PICTURE_COLORMAPS, colormap_name


def complete_colormap(incomplete: str) -> list[str]:
    """Completes ``--cmap`` of pictures."""
    return [name for name in PICTURE_COLORMAPS if name.lower().startswith(incomplete.lower())]


ColormapName = Annotated[
    str,
    option(
        VIEW,
        "--cmap",
        metavar="NAME",
        envvar="ATTNVIZ_CMAP",
        parser=colormap_name,
        autocompletion=complete_colormap,
        help="Colour map: paper, or a sequential one of Matplotlib, such as viridis or Greys. [default: paper]",
    ),
]
