"""The page's data: byte planes, deflated, in base64."""

import base64
import zlib

import numpy as np
import pytest

from attnviz.errors import UsageError
from attnviz.output.page.chunks import MOST_BYTES, Chunks, check_size, chunk

MESSAGE = (
    "html: the page would have more than 64 MB; expected fewer heads (--layer, --head), fewer decimals "
    "(--precision 2), or fewer or shorter texts"
)


@pytest.mark.parametrize("n_tokens", [10, 255, 256, 1000])
def test_a_chunk_has_all_low_bytes_then_all_high_bytes(n_tokens):
    first, second = np.array([[1, 0x0203]], np.uint16), np.array([0xFFFF], np.uint16)
    data = chunk([first, second], n_tokens)
    assert len(data) % 4 == 0
    assert zlib.decompress(base64.b64decode(data), -15) == bytes([1, 3, 255, 0, 2, 255])


def test_a_chunk_of_arrays_that_are_not_contiguous_is_in_the_order_of_their_axes():
    codes = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert zlib.decompress(base64.b64decode(chunk([codes.T], 10)), -15) == bytes([0, 3, 1, 4, 2, 5])


def test_chunks_are_numbered_and_their_sizes_are_added():
    chunks = Chunks()
    assert [chunks.add(b"abcd"), chunks.add(b"ef")] == [0, 1]
    assert (chunks.data, chunks.size) == ([b"abcd", b"ef"], 6)


def test_a_page_above_64_mb_is_refused():
    check_size(MOST_BYTES)
    for size in (MOST_BYTES + 1, MOST_BYTES * 3):
        with pytest.raises(UsageError) as caught:
            check_size(size)
        assert str(caught.value) == MESSAGE


def test_a_page_that_will_be_far_too_large_is_refused_at_its_first_heads():
    chunks = Chunks()
    chunks.expect(12, 144, MOST_BYTES // 12)  # about the limit: perhaps not above it
    with pytest.raises(UsageError) as caught:
        chunks.expect(12, 144, MOST_BYTES // 5)
    assert str(caught.value) == MESSAGE
