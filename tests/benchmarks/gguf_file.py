"""One sentence through a GGUF file to JSON: attnviz against transformers and PyTorch, whole processes.

transformers reads the same file: it dequantises all of it into float32.
"""

from processes import Settings, alternating, attnviz, child
from results import Comparison, Found, Samples

TEXT = "The animal didn't cross the street because it was too tired."
THEIRS = "transformers"


def measure(settings: Settings) -> Found:
    """Wall time and peak memory, of layer 0 alone and of all layers; transformers runs all layers."""
    show = ("show", TEXT, "--model", settings.gguf, "--json")
    commands = {
        "attnviz, layer 0": attnviz(*show, "-L", "0"),
        "attnviz": attnviz(*show),
        THEIRS: child("torch_sentence.py", settings.gguf, TEXT, interpreter=settings.torch),
    }
    runs = alternating("gguf", commands, settings.rounds)
    found = []
    for name in ("attnviz, layer 0", "attnviz"):
        layers = "layer 0" if "," in name else "all layers"
        for unit, value in (("s", "wall"), ("MB", "memory")):
            sides = (
                Samples(side, tuple(getattr(one, value) for one in runs[key]))
                for side, key in (("attnviz", name), (THEIRS, THEIRS))
            )
            what = f"a GGUF file, one sentence, {layers}, {'wall time' if unit == 's' else 'peak memory'}"
            found.append(Comparison("gguf", what, unit, *sides, goal=1))
    return Found(found)
