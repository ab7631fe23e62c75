"""One sentence through a GGUF file to JSON: attnviz against transformers and PyTorch, whole processes.

transformers reads the same file: it dequantises all of it into float32.
"""

from layers import layer_commands, layer_comparisons
from processes import Settings, alternating
from results import Found

TEXT = "The animal didn't cross the street because it was too tired."


def measure(settings: Settings) -> Found:
    """Wall time and peak memory, of layer 0 alone and of all layers; transformers runs all layers."""
    runs = alternating("gguf", layer_commands(settings.gguf, TEXT, settings), settings.rounds)
    return Found(layer_comparisons("gguf", "a GGUF file", runs))
