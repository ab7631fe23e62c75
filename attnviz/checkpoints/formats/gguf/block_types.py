"""The types of numbers in GGUF files: plain ones, and blocks of a few bits each with their scales."""

from attnviz.records import dataclass


@dataclass(frozen=True)
class BlockType:
    """A type of GGUF's tensors.

    Attributes:
        code: its number in files.
        name: in GGML's spelling, which for plain types is that of ``NUMBER_TYPES``.
        numbers: how many numbers a block holds; 1 for plain types.
        bytes: how many bytes a block takes.
    """

    code: int
    name: str
    numbers: int
    bytes: int

    def size_of(self, n_numbers: int) -> int:
        """How many bytes so many numbers take, which are whole blocks."""
        return n_numbers // self.numbers * self.bytes


_PLAIN = (
    *((0, "F32", 4), (1, "F16", 2), (24, "I8", 1), (25, "I16", 2)),
    *((26, "I32", 4), (27, "I64", 8), (28, "F64", 8), (30, "BF16", 2)),
)
_OF_32 = (
    *((2, "Q4_0", 18), (3, "Q4_1", 20), (6, "Q5_0", 22), (7, "Q5_1", 24)),
    *((8, "Q8_0", 34), (20, "IQ4_NL", 18), (39, "MXFP4", 17)),
)
_OF_256 = (
    *((10, "Q2_K", 84), (11, "Q3_K", 110), (12, "Q4_K", 144), (13, "Q5_K", 176), (14, "Q6_K", 210)),
    *((16, "IQ2_XXS", 66), (17, "IQ2_XS", 74), (18, "IQ3_XXS", 98), (19, "IQ1_S", 50), (21, "IQ3_S", 110)),
    *((22, "IQ2_S", 82), (23, "IQ4_XS", 136), (29, "IQ1_M", 56), (34, "TQ1_0", 54), (35, "TQ2_0", 66)),
)
PLAIN_TYPES = {name: BlockType(code, name, 1, size) for code, name, size in _PLAIN}
QUANTISED_TYPES = {
    kind.name: kind
    for kind in (
        *(BlockType(code, name, 32, size) for code, name, size in _OF_32),
        *(BlockType(code, name, 256, size) for code, name, size in _OF_256),
        BlockType(40, "NVFP4", 64, 36),
    )
}
BLOCK_TYPES = {kind.code: kind for kind in (*PLAIN_TYPES.values(), *QUANTISED_TYPES.values())}
