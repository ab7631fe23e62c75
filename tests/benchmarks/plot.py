"""How time grows with the length of the text: attnviz, PyTorch, and the matrix products alone."""

from collections.abc import Iterable

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from results import Comparison


def lines(comparisons: Iterable[Comparison]) -> dict[str, dict[int, float]]:
    """Of each side of the part ``long`` its median seconds by length; without lengths at which it failed."""
    found: dict[str, dict[int, float]] = {}
    for one in comparisons:
        if one.part == "long" and one.unit == "s":
            for side, name in ((one.ours, f"attnviz {one.ours.name}"), (one.theirs, one.theirs.name)):
                if side.median is not None:
                    found.setdefault(name, {})[one.size] = side.median
    return found


def draw(comparisons: Iterable[Comparison], file: str) -> None:
    """A picture with both axes logarithmic: the slope is the power of n with which the time grows."""
    figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sizes = set()
    for name, points in lines(comparisons).items():
        style = "-" if name.startswith("attnviz") else ":" if name.startswith("products") else "--"
        axes.plot(list(points), list(points.values()), style, marker="o", markersize=3.5, label=name)
        sizes |= set(points)
    axes.set(xscale="log", yscale="log", xlabel="tokens", ylabel="seconds")
    axes.set_xticks(sorted(sizes), [str(size) for size in sorted(sizes)])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    figure.savefig(file)
