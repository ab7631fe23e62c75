"""Pictures in iTerm2's protocol (https://iterm2.com/documentation-images.html)."""

from base64 import b64encode


def iterm2_image(png: bytes, columns: int) -> str:
    """What makes a terminal draw a PNG file at the cursor.

    Args:
        png: the file.
        columns: how wide, in characters: where a pixel of the screen is several of the window's, only these are known.
    """
    options = f"inline=1;size={len(png)};width={columns};height=auto;preserveAspectRatio=1"
    return f"\x1b]1337;File={options}:{b64encode(png).decode()}\x07"
