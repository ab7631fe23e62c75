"""Models of 1 and 3 billion bfloat16 parameters in shards, one sentence: attnviz against transformers, on the CPU."""

import tempfile
from pathlib import Path

from layers import layer_commands, layer_comparisons
from processes import ROOT, Settings, alternating, child, measured, say
from results import Found

TEXT = "The animal was too tired."
TOKENIZER = ROOT / "tests" / "checkpoints" / "golden" / "llama"
SIZES = ("1.1 B", "3.2 B")
MOST_ROUNDS = 3  # they are long; the files are in the disk's cache when they are written


def measure(settings: Settings) -> Found:
    """Wall time and peak memory, of layer 0 alone and of all layers; transformers runs all layers in float32."""
    found = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            say(f"big: writing a model of {size} parameters")
            measured(child("big_model.py", folder, size, TOKENIZER))
            shards = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            commands = layer_commands(folder, TEXT, settings)
            runs = alternating(f"big, {size}", commands, min(settings.rounds, MOST_ROUNDS), warm=False)
        found += layer_comparisons("big", f"{size} parameters", runs)
        say(f"big: {shards:.0f} MB of files")
    return Found(found)
