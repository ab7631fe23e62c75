"""The group of the convolution beside the encoder's first layer."""

from dataclasses import field

from attnviz.errors import ConfigError
from attnviz.records import dataclass


@dataclass(frozen=True)
class ConvolutionConfig:
    """How many tokens it reads, 0 for no convolution, and its activation."""

    kernel: int = field(metadata={"flat": "conv_kernel"})
    activation: str = field(metadata={"flat": "conv_activation"})

    def __post_init__(self) -> None:
        if self.kernel and self.kernel % 2 == 0:
            raise ConfigError(f"conv_kernel: {self.kernel} tokens have no middle; expected an odd number, or 0")
