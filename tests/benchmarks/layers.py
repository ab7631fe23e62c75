"""One sentence through a model, whole processes: attnviz in layer 0 alone and in all layers, against transformers."""

from collections.abc import Mapping, Sequence

from processes import Command, Ran, Settings, attnviz, child
from results import Comparison, samples

_OURS, _THEIRS = {"attnviz, layer 0": "layer 0", "attnviz": "all layers"}, "transformers"


def layer_commands(model: str, text: str, settings: Settings) -> dict[str, Command]:
    """The three processes; transformers runs all layers."""
    show = ("show", text, "--model", model, "--json")
    return {
        "attnviz, layer 0": attnviz(*show, "-L", "0"),
        "attnviz": attnviz(*show),
        _THEIRS: child("torch_sentence.py", model, text, interpreter=settings.torch),
    }


def layer_comparisons(part: str, model: str, runs: Mapping[str, Sequence[Ran]]) -> list[Comparison]:
    """Wall time and peak memory of attnviz's processes beside those of transformers.

    Args:
        part: of the benchmark.
        model: in words.
        runs: of the three processes.
    """
    found = []
    for name, layers in _OURS.items():
        wall, cpu, memory = (samples(runs, name, _THEIRS, figure) for figure in ("wall", "cpu", "memory"))
        what = f"{model}, one sentence, {layers}"
        found.append(Comparison(part, f"{what}, wall time", "s", *wall, goal=1, cpu=cpu))
        found.append(Comparison(part, f"{what}, peak memory", "MB", *memory, goal=1))
    return found
