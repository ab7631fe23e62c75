"""One sentence through a trained model to JSON: attnviz against transformers and PyTorch, whole processes."""

from processes import Settings, alternating, attnviz, child
from results import Comparison, Found, Samples

TEXT = "The animal didn't cross the street because it was too tired."
THEIRS = "transformers"


def measure(settings: Settings) -> Found:
    """Wall time and peak memory."""
    commands = {
        "attnviz": attnviz("show", TEXT, "--model", settings.model, "--json"),
        THEIRS: child("torch_sentence.py", settings.model, TEXT, interpreter=settings.torch),
    }
    runs = alternating("sentence", commands, settings.rounds)
    wall = [Samples(name, tuple(one.wall for one in runs[name])) for name in commands]
    memory = [Samples(name, tuple(one.memory for one in runs[name])) for name in commands]
    return Found(
        [
            Comparison("sentence", "one sentence to JSON, wall time", "s", *wall, goal=18),
            Comparison("sentence", "one sentence to JSON, peak memory", "MB", *memory, goal=3.5),
        ]
    )
