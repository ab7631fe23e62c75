"""Pictures in kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol)."""

from base64 import b64encode

_MOST = 4096  # bytes of base64 in one chunk


def kitty_image(png: bytes) -> str:
    """What makes a terminal draw a PNG file at the cursor, pixel for pixel, without an answer (``q=2``).

    Args:
        png: the file.
    """
    data = b64encode(png).decode()
    chunks = [data[i : i + _MOST] for i in range(0, len(data), _MOST)]
    first = "a=T,f=100,q=2,"
    return "".join(
        f"\x1b_G{'' if i else first}m={int(i < len(chunks) - 1)};{chunk}\x1b\\" for i, chunk in enumerate(chunks)
    )
