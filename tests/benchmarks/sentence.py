"""One sentence through a trained model to JSON, whole processes: against transformers and PyTorch, and the floor.

The floor is the least that any such program in Python has to do (``children/floor.py``). JSON also has the SHA-256 of
the weights' file, which attnviz computes in a thread beside: a second floor does that too.
"""

from processes import ONE_THREAD, Settings, alternating, attnviz, child
from results import Comparison, Found, samples

PER_ROUND = 3  # so short that they can run more often
TEXT = "The animal didn't cross the street because it was too tired."
THEIRS = "transformers"
FLOOR, FLOOR_WITH_DIGEST = "the floor", "the floor and SHA-256 of the weights"


def measure(settings: Settings) -> Found:
    """Wall time, CPU time and peak memory; the floors as often as they are short."""
    sentence = (TEXT, "--model", settings.model, "--json")
    commands = {
        "attnviz": attnviz("show", *sentence),
        THEIRS: child("torch_sentence.py", settings.model, TEXT, interpreter=settings.torch),
    }
    runs = alternating("sentence", commands, settings.rounds)
    wall, cpu, memory = (samples(runs, "attnviz", THEIRS, figure) for figure in ("wall", "cpu", "memory"))
    found = [
        Comparison("sentence", "one sentence to JSON, wall time", "s", *wall, goal=18, cpu=cpu),
        Comparison("sentence", "one sentence to JSON, peak memory", "MB", *memory, goal=3.5),
    ]
    return Found([*found, *_above_the_floor(sentence, settings)])


def _above_the_floor(sentence: tuple[str, ...], settings: Settings) -> list[Comparison]:
    """``show`` and ``heads`` against both floors."""
    commands = {
        "`show --json`": attnviz("show", *sentence),
        "`heads --json`": attnviz("heads", *sentence),
        FLOOR: child("floor.py", settings.model, TEXT, **ONE_THREAD),
        FLOOR_WITH_DIGEST: child("floor.py", settings.model, TEXT, "--digest", **ONE_THREAD),
    }
    runs = alternating("floor", commands, PER_ROUND * settings.rounds)
    found = []
    for name in ("`show --json`", "`heads --json`"):
        for floor in (FLOOR, FLOOR_WITH_DIGEST):
            wall, cpu = (samples(runs, name, floor, figure, unit=1000) for figure in ("wall", "cpu"))
            found.append(Comparison("sentence", name, "ms", *wall, yardstick=True, goal=1.6, cpu=cpu))
    return found
