"""The page's data: byte planes, deflated, in base64; one chunk per head, and one per set of thumbnails."""

import base64
import zlib
from collections.abc import Sequence

import numpy as np

from attnviz.errors import UsageError

MOST_BYTES = 64 << 20  # of a page; a browser holds several copies of it
# Low bytes are nearly noise: long matches are rare in them, and looking for runs alone takes an eighth of the time for
# 4 % more bytes.
_MANY = 256  # tokens, from which only runs are looked for
_TOO_LARGE = (
    "html: the page would have more than 64 MB; expected fewer heads (--layer, --head), fewer decimals "
    "(--precision 2), or fewer or shorter texts"
)


def chunk(arrays: Sequence[np.ndarray], n_tokens: int) -> bytes:
    """Codes as base64 of raw deflate.

    Args:
        arrays: of one type; all low bytes come first, then the next higher ones, as equal bytes side by side deflate
            well.
        n_tokens: the tokens of the longer side, which decide how it is deflated.
    """
    codes = np.concatenate([array.ravel() for array in arrays])
    little = codes.astype(codes.dtype.newbyteorder("<"), copy=False)
    planes = little.view(np.uint8).reshape(-1, little.itemsize).T.tobytes()
    strategy = zlib.Z_FILTERED if n_tokens < _MANY else zlib.Z_RLE
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return base64.b64encode(deflater.compress(planes) + deflater.flush())


class Chunks:
    """The chunks of a text, in order.

    Attributes:
        data: base64.
        size: bytes of all.
    """

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> int:
        """The number of the chunk.

        Raises:
            UsageError: the page would be too large.
        """
        self.size += len(data)
        check_size(self.size)
        self.data.append(data)
        return len(self.data) - 1

    def expect(self, done: int, total: int, size: int) -> None:
        """Refuses early what will be far too large.

        Args:
            done: heads so far.
            total: heads in all.
            size: bytes of those so far.

        Raises:
            UsageError: the page would be too large.
        """
        if size * total / done > 2 * MOST_BYTES:
            raise UsageError(_TOO_LARGE)


def check_size(size: int) -> None:
    """Refuses a page that browsers cannot be expected to open.

    Raises:
        UsageError: it would have more than 64 MB.
    """
    if size > MOST_BYTES:
        raise UsageError(_TOO_LARGE)
