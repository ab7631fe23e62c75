"""Where numbers came from."""

from collections.abc import Mapping
from dataclasses import field

from attnviz.records import dataclass
from attnviz.trace.head_labels import HeadLabels


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """What every output says about the numbers' origin.

    Attributes:
        name: short name of the model or file.
        weights: where the numbers came from: ``seed:0`` or ``sha256:...``.
        config: the block's fields by name, JSON-ready; empty where they are not known.
        is_file: whether the model is not known, and name and weights are those of a file of attention.
        labels: what probes found its heads to do; None where that is not known.
    """

    name: str
    weights: str
    config: Mapping[str, object] = field(default_factory=dict)
    is_file: bool = False
    labels: HeadLabels | None = None

    @property
    def is_random(self) -> bool:
        """Whether the weights are seeded random numbers, in which any pattern is chance."""
        return self.weights.startswith("seed:")

    @property
    def writes_target(self) -> bool:
        """Whether its decoder reads a token of a target and then writes the next one, as trained ones do."""
        return self.config.get("decoder_start_id") is not None or bool(self.config.get("decoder_wraps"))

    @property
    def identity(self) -> str:
        """What is the same for all texts of one model: its weights; of an unknown model the name of the file."""
        return self.name if self.is_file else self.weights

    @property
    def origin(self) -> str:
        """The model's name; of random weights their seed."""
        return f"random weights of seed {self.weights.removeprefix('seed:')}" if self.is_random else self.name

    @property
    def size(self) -> str:
        """``3 layers x 12 heads``, or ``..., decoder 2 x 8``; empty where it is not known."""
        sizes = [(unit, self.config.get(f"n_{unit}s")) for unit in ("layer", "head")]
        encoder = [f"{n} {unit}{'s' * (n != 1)}" for unit, n in sizes if isinstance(n, int)]
        decoder = [str(self.config.get(f"decoder_{unit}s", n)) for unit, n in sizes if isinstance(n, int)]
        differs = any(f"decoder_{unit}s" in self.config for unit, _ in sizes)
        return " x ".join(encoder) + f", decoder {' x '.join(decoder)}" * differs

    @property
    def provenance(self) -> str:
        """One phrase for people: the model and its size; of random weights that they mean nothing."""
        chance = ": any pattern is chance" if self.is_random else ""
        return ", ".join(part for part in (self.origin, self.size) if part) + chance
