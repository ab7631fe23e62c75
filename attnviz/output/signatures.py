"""Files that attnviz wrote, known by what only its own writers put there, at the place where they put it.

A file that mentions the program, or was edited and saved by another one, is not such a file: it may be somebody's work.
"""

import os
import re
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from attnviz.names import CAPTION_ENDING

CREATOR = "attnviz heatmap"  # of pictures
CAPTION_SIGNATURE = f"Drawn by {CREATOR}."
_PNG = b"\x89PNG\r\n\x1a\n"
_WORDS = [b"Title", b"Description", b"Source", b"Creator"]  # of a PNG, in their order
_MOST = 2**20  # bytes of a chunk of words, of the start of a drawing or a page, and of a caption
_SVG = re.compile(
    rb"<\?xml [^<>]*\?>\s*<!DOCTYPE svg [^<>]*>\s*<svg [^<>]*>\s*(<title>[^<]*</title>\s*)?(<desc>[^<]*</desc>\s*)?"
    rb"<metadata>(?:(?!</metadata>|<!).)*<dc:creator>\s*<cc:Agent>\s*<dc:title>"
    + CREATOR.encode()
    + rb"</dc:title>\s*</cc:Agent>\s*</dc:creator>",
    re.DOTALL,
)
_PAGE = re.compile(
    rb'<!doctype html>\n<html lang="en" data-theme="[a-z]+">\n<head>\n<meta charset="utf-8">\n'
    rb'<meta http-equiv="Content-Security-Policy" content="[^"]*">\n<meta name="generator" content="attnviz [^"]*">\n'
)
_PDF_INFO = rb"\n%s 0 obj\n<< /Creator \(" + CREATOR.encode() + rb"\) /Producer \(Matplotlib pdf backend "
# One line of three sentences or more with words of ours: the last sentence alone could be in anybody's notes.
_CAPTION = re.compile(
    rb"[^\n]+\. [^\n]+\. [^\n]*(text|model): [^\n]+ " + re.escape(CAPTION_SIGNATURE.encode()) + rb"\n"
)
_TRAILER = re.compile(rb"trailer\s*<<[^<>]*/Info (\d{1,10}) 0 R[^<>]*>>\s*startxref\s*\d+\s*%%EOF\s*$")


def is_written_by_attnviz(path: Path) -> bool:
    """Whether a file is a picture, a caption or a page of attnviz. Devices and pipes are not opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with path.open("rb") as file:
            return _is_signed(file, is_caption=path.suffix == CAPTION_ENDING)
    except (OSError, ValueError):
        return False


def _is_signed(file: BinaryIO, *, is_caption: bool) -> bool:
    start = file.read(_MOST)
    if start.startswith(_PNG):
        file.seek(len(_PNG))
        return _is_png(file)
    if start.startswith(b"%PDF-"):
        return _is_pdf(start + file.read())
    if is_caption:
        return len(start) < _MOST and _CAPTION.fullmatch(start) is not None
    return bool(_SVG.match(start) or _PAGE.match(start))


def _is_png(file: BinaryIO) -> bool:
    """Whether the words before the picture are those of attnviz, each whole."""
    words: list[bytes] = []
    while len(words) <= len(_WORDS):
        length, kind = int.from_bytes(file.read(4), "big"), file.read(4)
        if kind not in (b"IHDR", b"pHYs", b"iTXt") or length > _MOST:
            break
        data = file.read(length)
        if int.from_bytes(file.read(4), "big") != zlib.crc32(kind + data):
            return False
        words += [data] if kind == b"iTXt" else []
    names = [word.partition(b"\0")[0] for word in words]
    return kind == b"IDAT" and names == _WORDS and words[-1] == b"Creator" + bytes(5) + CREATOR.encode()


def _is_pdf(data: bytes) -> bool:
    """Whether the object that describes the document is as attnviz has it written."""
    trailer = _TRAILER.search(data, max(0, len(data) - 2048))
    return trailer is not None and len(re.findall(_PDF_INFO % trailer[1], data)) == 1
