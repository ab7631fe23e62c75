"""SentencePiece's table of characters, checked before the ``tokenizers`` library reads it, which trusts its indexes.

The table is a length, that many bytes of a double-array trie (Darts-clone), and the texts that replace what it finds.
"""

import numpy as np

_LEAF = 1 << 31  # set in a unit that is a value and no node
_ROW = 255  # a node's children are in one row of the array


def is_sound_charsmap(table: bytes) -> bool:
    """Whether every index of a table is inside it, so that no text can lead out of it."""
    size = int.from_bytes(table[:4], "little")
    if size == 0 or size % 4 or len(table) < 4 + size:
        return False
    units = np.frombuffer(table, dtype="<u4", count=size // 4, offset=4).astype(np.int64)
    texts = np.frombuffer(table, dtype=np.uint8, offset=4 + size)
    is_node = units < _LEAF
    children = np.arange(len(units)) ^ ((units >> 10) << ((units & (1 << 9)) >> 6))
    if ((children[is_node] | _ROW) >= len(units)).any():
        return False
    starts = units[children[is_node & (units >> 8 & 1 == 1)]] & (_LEAF - 1)
    if len(starts) and (not len(texts) or (starts >= len(texts)).any()):
        return False
    try:
        bytes(texts).decode()
    except UnicodeDecodeError:
        return False
    return not len(starts) or bool(((texts[starts] & 0xC0) != 0x80).all())  # a text starts at a character
