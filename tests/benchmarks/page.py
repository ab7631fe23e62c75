"""The HTML page, against BertViz's head view and model view of the same attention, and against budgets.

Seconds are CPU of the page's main thread in headless Chromium: what its interface waits for, also where other
programs run. They are scaled to a machine on which a loop of arithmetic takes ``LOOP_MS``, so that the figures of
two machines compare; the JSON has the loop's own time beside them.
"""

import tempfile
from collections.abc import Mapping, Sequence

from processes import BenchmarkError, Settings, child, measured, say
from results import Comparison, Found, Samples

LENGTHS = (24, 128, 510)  # tokens, special ones included
LOOP_MS = 110.0  # 100 million multiplications and additions, as measured on two cores of a server of 2026
HEAD, MODEL = "BertViz's head view", "BertViz's model view"

# Of attnviz's page: at most, at each length; None where nothing is fixed.
BUDGETS: Mapping[str, tuple[str, Sequence[float | None]]] = {
    "file": ("MB", (0.2, 1.1, 2.5)),
    "ready": ("ms", (300, 300, 700)),
    "head": ("ms", (35, 35, 120)),
    "hover": ("ms", (20, 20, 40)),
    "nodes": ("nodes", (3000, 3000, 3000)),
    "write": ("s", (0.5, 0.5, None)),
}
WORDS = {
    "file": "size of the file",
    "ready": "ready: CPU of the main thread",
    "head": "another head: CPU",
    "hover": "the pointer on another token: CPU",
    "nodes": "nodes",
    "write": "time to write it, after the run",
}


def measure(settings: Settings) -> Found:
    """Each length in turn; BertViz's page of a length that its browser cannot show has failed there."""
    comparisons: list[Comparison] = []
    details = []
    for place, n in enumerate(LENGTHS):
        with tempfile.TemporaryDirectory() as folder:
            say(f"page: {n} tokens")
            written = measured(child("page_ours.py", settings.model, n, folder)).report
            written |= measured(child("page_bertviz.py", folder, interpreter=settings.torch)).report
            shown = measured(child("page_cpu.py", settings.chromium, settings.scripts, settings.rounds, folder)).report
        if not shown["attnviz"]["ready"]:
            raise BenchmarkError(f"the page of {n} tokens: {shown['attnviz']['why']}; expected a page that opens")
        for name in ("attnviz", HEAD, MODEL):
            say(
                f"page: {n} tokens, {name}, ms: "
                + ", ".join(f"{key} {shown[name][key]}" for key in ("ready", "head", "hover"))
            )
        details.append({"tokens": n, "loop_ms": shown["loop_ms"], "written": written, "pages": shown})
        comparisons += compared(n, place, written, shown)
    return Found(comparisons, {"reference_loop_ms": LOOP_MS, "lengths": details})


def compared(n: int, place: int, written: Mapping[str, Mapping], shown: Mapping[str, Mapping]) -> list[Comparison]:
    """Each figure against the two views of BertViz where they have it, then against its budget."""
    made = []
    for figure, (unit, most) in BUDGETS.items():
        sides = {name: samples(name, figure, unit, written, shown) for name in ("attnviz", HEAD, MODEL)}
        what, ours = f"{n} tokens, {WORDS[figure]}", sides.pop("attnviz")
        if figure != "write":
            made += [Comparison("page", what, unit, ours, theirs, size=n) for theirs in sides.values()]
        if (budget := most[place]) is None:
            continue
        made.append(Comparison("page", what, unit, ours, Samples("budget", (budget,)), yardstick=True, size=n, goal=1))
    return made


def samples(name: str, figure: str, unit: str, written: Mapping[str, Mapping], shown: Mapping[str, Mapping]) -> Samples:
    """One figure of one page, a value a round; milliseconds are scaled by the loop."""
    if figure in ("file", "write"):
        value = written[name].get(figure)
        return Samples(name, () if value is None else (value,))
    scale = LOOP_MS / shown["loop_ms"] if unit == "ms" else 1
    return Samples(name, tuple(value * scale for value in shown[name][figure]))
