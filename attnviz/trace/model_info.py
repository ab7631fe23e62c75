"""Where numbers came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """What every output says about the numbers' origin.

    Attributes:
        name: short name of the model or file.
        weights: where the numbers came from: ``seed:0`` or ``sha256:...``.
        config: the block's fields by name, JSON-ready; empty where they are not known.
    """

    name: str
    weights: str
    config: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_random(self) -> bool:
        """Whether the weights are seeded random numbers, in which any pattern is chance."""
        return self.weights.startswith("seed:")

    @property
    def provenance(self) -> str:
        """One phrase for people: where the weights came from."""
        if self.is_random:
            return f"random (seed {self.weights.removeprefix('seed:')}): any pattern is chance"
        return f"{self.name} ({self.weights[:19]})"
