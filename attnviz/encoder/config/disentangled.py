"""The group of DeBERTa's disentangled attention: words and their distances have keys and queries of their own."""

from dataclasses import field

from attnviz.errors import ConfigError
from attnviz.records import dataclass

_PARTS = {"none": (), "c2p": ("c2p",), "p2c": ("p2c",), "both": ("c2p", "p2c")}


@dataclass(frozen=True, kw_only=True)
class DisentangledConfig:
    """What is added to q.k: products with vectors of the offset between query and key (He et al. 2021)."""

    kind: str = field(metadata={"flat": "disentangled"})
    span: int = field(metadata={"flat": "disentangled_span"})
    max_distance: int | None = field(metadata={"flat": "disentangled_max"})
    share: bool = field(metadata={"flat": "disentangled_share"})
    norm: bool = field(metadata={"flat": "disentangled_norm"})

    def __post_init__(self) -> None:
        least = self.span // 2 + 2
        if self.parts and self.max_distance is not None and self.max_distance < least:
            raise ConfigError(
                f"disentangled_max, disentangled_span: {self.max_distance} with {self.span} vectors on each "
                f"side; expected {least} or more"
            )

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are added: ``c2p`` (q with the offset's key), ``p2c`` (k with the offset's query)."""
        return _PARTS[self.kind]
