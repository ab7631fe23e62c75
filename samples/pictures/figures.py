"""Draws the figures here with ``attnviz heatmap``, by ``python samples/pictures/figures.py``: each with its command."""

import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TEXT = "The animal didn't cross the street because it was too tired."
COMMANDS = {
    "head.svg": f'heatmap "{TEXT}" -H L2H8 --size 4.6in --numbers',
    "panels.png": f'heatmap "{TEXT}" -H L2H8,L1H3,L2H1,L0H5 --size 6.9in --dpi 200',
    "overview.png": f'heatmap "{TEXT}" --size 6.9in --dpi 200',
    "lines.svg": f'heatmap "{TEXT}" -H L2H8,L2H1 --style lines --size 6.9in',
    "arcs.svg": f'heatmap "{TEXT}" -H L2H8 --style arcs --size 6.9in',
    "words.svg": f'heatmap "{TEXT}" -L 2 --style text --from it --size 4.6in',
}


def draw(name: str, folder: Path = HERE) -> None:
    """Draws one of the figures in a folder."""
    arguments = [*shlex.split(COMMANDS[name]), "--out", str(folder / name), "--quiet", "--force"]
    subprocess.run([sys.executable, "-m", "attnviz", *arguments], check=True)  # noqa: S603


if __name__ == "__main__":
    for figure in COMMANDS:
        draw(figure)
