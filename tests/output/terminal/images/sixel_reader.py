"""Draws Sixel as a terminal does: a second implementation, from the manual, a character at a time."""

import re

import numpy as np


def drawn(text: str) -> np.ndarray:
    """The pixels, (height, width, 4) uint8, of a picture that says its size; what is not painted stays transparent."""
    match = re.fullmatch(r"\x1bP([\d;]*)q(.*)\x1b\\", text, re.DOTALL)
    assert match, "not one whole picture"
    data = match[2]
    size = re.match(r'"1;1;(\d+);(\d+)', data)
    width, height = int(size[1]), int(size[2])
    pixels = np.zeros((height, width, 4), np.uint8)
    colors: dict[int, tuple[int, ...]] = {}
    color, x, y, at = 0, 0, 0, size.end()
    while at < len(data):
        sign = data[at]
        at += 1
        if sign == "#":
            numbers = re.compile(r"\d+(;\d+)*").match(data, at)
            at = numbers.end()
            color, *rest = map(int, numbers[0].split(";"))
            if rest:
                assert rest[0] == 2
                assert all(0 <= percent <= 100 for percent in rest[1:])
                colors[color] = tuple(round(percent * 255 / 100) for percent in rest[1:])
        elif sign == "$":
            x = 0
        elif sign == "-":
            x, y = 0, y + 6
        else:
            times = 1
            if sign == "!":
                count = re.compile(r"\d+").match(data, at)
                times, sign = int(count[0]), data[count.end()]
                at = count.end() + 1
            bits = ord(sign) - 63
            assert 0 <= bits < 64
            for row in range(6):
                if bits >> row & 1:
                    pixels[y + row, x : x + times] = (*colors[color], 255)
            x += times
            assert x <= width
    return pixels
