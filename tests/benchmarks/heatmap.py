"""Heat maps: all of a model's heads, against one new Matplotlib figure a head."""

from processes import ONE_THREAD, Settings, child, measured, say
from results import Comparison, Found, Samples


def measure(settings: Settings) -> Found:
    """Both in one process, in turn, since the fonts and modules are not what is compared."""
    say(f"heatmap: {settings.rounds} rounds")
    report = measured(child("heatmaps.py", settings.rounds, **ONE_THREAD)).report
    what = f"{report['heads']} heads of {report['tokens']} tokens to PNG (ours with the overview)"
    sides = Samples("attnviz", tuple(report["ours"])), Samples("a new Matplotlib figure a head", tuple(report["naive"]))
    return Found([Comparison("heatmap", what, "s", *sides, goal=10)])
