"""How vocabularies spell pieces of text."""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from attnviz.records import dataclass
from attnviz.text.labels import printable

_MOST_LABELS = 1 << 16  # that are remembered


@dataclass(frozen=True, eq=False)
class Spelling:
    """A vocabulary's spelling of pieces of text.

    Attributes:
        byte_level: a character stands for a byte, as in GPT-2 (``Ġ`` is a space).
        byte_fallback: bytes that have no piece are spelled ``<0xE6>``.
        prefix: starts a piece inside a word (``##``).
        suffix: ends a piece at a word's end (``</w>``).
        space: stands for a space (``▁``).
    """

    byte_level: bool = False
    byte_fallback: bool = False
    prefix: str = ""
    suffix: str = ""
    space: str = ""

    def label(self, piece: str) -> str:
        r"""The printable text of a piece, without the one space that says that it starts a word.

        Bytes that are only part of a character are shown as ``\xe6``.
        """
        label = self._labels.get(piece)
        if label is None:
            label = self._label(piece)
            if len(self._labels) < _MOST_LABELS:
                self._labels[piece] = label
        return label

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Those of the first pieces, by piece."""
        return {}

    def _label(self, piece: str) -> str:
        text = piece
        if self.prefix and len(piece) > len(self.prefix):
            text = text.removeprefix(self.prefix)
        if self.suffix and len(piece) > len(self.suffix):
            text = text.removesuffix(self.suffix)
        if self.byte_fallback and len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
            text = bytes.fromhex(text[3:5]).decode("utf-8", "backslashreplace")
        elif self.byte_level and all(c in byte_of_character() for c in text):
            text = bytes(byte_of_character()[c] for c in text).decode("utf-8", "backslashreplace")
        elif self.space:
            text = text.replace(self.space, " ")
        starts_word = text[:1] == " " and text[1:2].strip()
        return printable(text[1:] if starts_word else text)


def spelling_of(described: Mapping[str, Any]) -> Spelling:
    """The spelling of a vocabulary, from the JSON of its tokenizer."""
    model = described["model"]
    parts = [part for key in ("normalizer", "pre_tokenizer", "decoder") for part in _parts(described.get(key))]
    kinds = {part["type"] for part in parts}
    spaces = [part["replacement"] for part in parts if part["type"] == "Metaspace"]
    # Llama's spelling: the decoder replaces "▁" by a space.
    spaces += [p["pattern"].get("String", "") for p in parts if p["type"] == "Replace" and p["content"] == " "]
    return Spelling(
        byte_level="ByteLevel" in kinds,
        byte_fallback=bool(model.get("byte_fallback")) or "ByteFallback" in kinds,
        prefix=model.get("continuing_subword_prefix") or "",
        suffix=model.get("end_of_word_suffix") or "",
        space=next((s for s in spaces if s), ""),
    )


def _parts(node: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """A step of the pipeline, or the steps of a sequence."""
    if node is None:
        return
    inner = [step for key in ("normalizers", "pretokenizers", "decoders") for step in node.get(key, ())]
    if not inner:
        yield node
    for step in inner:
        yield from _parts(step)


@cache
def byte_of_character() -> Mapping[str, int]:
    """The byte that each character of a byte-level vocabulary stands for (GPT-2's ``bytes_to_unicode``, inverted)."""
    printable_bytes = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable_bytes]
    table = {chr(byte): byte for byte in printable_bytes}
    return table | {chr(256 + i): byte for i, byte in enumerate(others)}
