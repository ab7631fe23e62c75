"""Models of 1 and 3 billion bfloat16 parameters in shards, one sentence: attnviz against transformers, on the CPU."""

import tempfile
from pathlib import Path

from layers import layer_commands, layer_comparisons
from processes import ROOT, Settings, alternating, child, measured, say
from results import Found

TEXT = "The animal was too tired."
TOKENIZER = ROOT / "tests" / "checkpoints" / "golden" / "llama"
SIZES = ("1.1 B", "3.2 B")


def measure(settings: Settings) -> Found:
    """Wall time and peak memory, of layer 0 alone and of all layers; transformers runs all layers in float32."""
    found = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            say(f"big: writing a model of {size} parameters")
            measured(child("big_model.py", folder, size, TOKENIZER))
            shards = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            runs = alternating(f"big, {size}", layer_commands(folder, TEXT, settings), settings.rounds)
        found += layer_comparisons("big", f"{size} parameters", runs)
        say(f"big: {shards:.0f} MB of files")
    return Found(found)
