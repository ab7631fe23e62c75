"""Kitty's and iTerm2's protocols: a terminal gets the PNG file whole, in chunks of the size that it takes."""

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from attnviz.output.terminal.images.image_screen import ImageScreen
from attnviz.output.terminal.images.image_view import image
from attnviz.output.terminal.images.iterm2 import iterm2_image
from attnviz.output.terminal.images.kitty import kitty_image
from tests.output.terminal.images.sixel_reader import drawn

CHUNK = re.compile(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\")


def kitty_file(text: str) -> bytes:
    chunks = CHUNK.findall(text)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in chunks) == text
    assert all(len(data) <= 4096 for _, data in chunks)
    assert all(len(data) % 4 == 0 for _, data in chunks[:-1])
    options = [dict(pair.split("=") for pair in keys.split(",")) for keys, _ in chunks]
    assert options[0] | {"m": ""} == {"a": "T", "f": "100", "q": "2", "m": ""}
    assert [one["m"] for one in options] == ["1"] * (len(chunks) - 1) + ["0"]
    assert all(set(one) == {"m"} for one in options[1:])
    return b64decode("".join(data for _, data in chunks), validate=True)


@pytest.mark.parametrize("size", [1, 3071, 3072, 3073, 6144, 10_000])
def test_kitty_gets_the_file_in_chunks(size):
    data = bytes(range(256)) * (size // 256 + 1)
    assert kitty_file(kitty_image(data[:size])) == data[:size]


def test_iterm2_gets_the_file_with_its_size_and_its_width_in_characters():
    match = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", iterm2_image(b"a picture", 17))
    assert dict(pair.split("=") for pair in match[1].split(";")) == {
        "inline": "1", "size": "9", "width": "17", "height": "auto", "preserveAspectRatio": "1",
    }  # fmt: skip
    assert b64decode(match[2], validate=True) == b"a picture"


@pytest.mark.parametrize("protocol", ["kitty", "iterm2", "sixel"])
def test_each_protocol_carries_the_pixels(protocol):
    pixels = np.full((11, 13, 4), 255, np.uint8)
    pixels[2:5, 3:7, :3] = (0, 102, 204)
    text = image(pixels, ImageScreen(protocol, 80, 24, (8, 16)))
    assert text.isascii()
    if protocol == "sixel":
        result = drawn(text)
    else:
        file = kitty_file(text) if protocol == "kitty" else b64decode(text.partition(":")[2].removesuffix("\x07"))
        result = np.asarray(Image.open(io.BytesIO(file)))
    np.testing.assert_array_equal(result, pixels)
    assert "width=2;" in text or protocol != "iterm2"  # 13 pixels are two characters


@pytest.mark.parametrize(
    ("screen", "columns", "expected"),
    [
        (ImageScreen("kitty", 80, 24, (9, 18)), 80, (720, 378)),
        (ImageScreen("kitty", 80, 24, (9, 18)), 40, (360, 378)),
        (ImageScreen("kitty", 80, 24, (9, 18)), 400, (720, 378)),
        (ImageScreen("kitty", 80, 5, (9, 18)), 80, (720, 36)),
        (ImageScreen("kitty", 80, 1, (9, 18)), 80, (720, 18)),
        (ImageScreen("sixel", 80, 24, (9, 18), most=(500, 1000)), 80, (500, 378)),
        (ImageScreen("sixel", 80, 24, (9, 18), most=(1000, 100)), 80, (720, 100)),
        (ImageScreen("kitty", 80, 24, (9, 18), most=(500, 100)), 80, (720, 378)),
    ],
)
def test_a_picture_has_the_room_of_the_window_less_some_rows(screen, columns, expected):
    assert screen.room(columns, 3) == expected
