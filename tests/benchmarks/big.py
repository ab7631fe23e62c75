"""Models of 1 and 3 billion bfloat16 parameters in shards, one sentence: attnviz against transformers, on the CPU."""

import tempfile
from pathlib import Path

from processes import ROOT, Settings, alternating, attnviz, child, measured, say
from results import Comparison, Found, Samples

TEXT = "The animal was too tired."
TOKENIZER = ROOT / "tests" / "checkpoints" / "golden" / "llama"
SIZES = ("1.1 B", "3.2 B")
THEIRS = "transformers"


def measure(settings: Settings) -> Found:
    """Wall time and peak memory, of layer 0 alone and of all layers; transformers runs all layers in float32."""
    found = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            say(f"big: writing a model of {size} parameters")
            measured(child("big_model.py", folder, size, TOKENIZER))
            show = ("show", TEXT, "--model", folder, "--json")
            commands = {
                "attnviz, layer 0": attnviz(*show, "-L", "0"),
                "attnviz": attnviz(*show),
                THEIRS: child("torch_sentence.py", folder, TEXT, interpreter=settings.torch),
            }
            shards = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            runs = alternating(f"big, {size}", commands, settings.rounds)
        for name in ("attnviz, layer 0", "attnviz"):
            layers = "layer 0" if "," in name else "all layers"
            for unit, value in (("s", "wall"), ("MB", "memory")):
                sides = (
                    Samples(side, tuple(getattr(one, value) for one in runs[key]))
                    for side, key in (("attnviz", name), (THEIRS, THEIRS))
                )
                what = f"{size} parameters, one sentence, {layers}, {'wall time' if unit == 's' else 'peak memory'}"
                found.append(Comparison("big", what, unit, *sides, goal=1))
        say(f"big: {shards:.0f} MB of files")
    return Found(found)
