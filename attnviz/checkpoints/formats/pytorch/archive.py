"""The ZIP archives of ``torch.save`` (from PyTorch 1.6 on): a pickle, and a member for each storage."""

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.checkpoints.formats.pytorch.objects import ByteOrder, Storage
from attnviz.checkpoints.formats.pytorch.pickles import read_pickle
from attnviz.errors import brief
from attnviz.records import dataclass

_PICKLE = "data.pkl"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of a member
_LARGE, _RATIO = 2**24, 20  # numbers of a model hardly shrink
_MOST_PICKLED = 2**28


@dataclass(frozen=True)
class Member:
    """A member of an archive: where its bytes begin, and how many there are."""

    entry: zipfile.ZipInfo
    start: int

    @property
    def is_packed(self) -> bool:
        """Whether its bytes have to be unpacked."""
        return self.entry.compress_type != zipfile.ZIP_STORED


class TorchArchive:
    """An archive whose members were checked against each other and against the size of the file.

    Attributes:
        state: what its pickle describes.
        byte_order: of its numbers, as NumPy writes it.
    """

    def __init__(self, path: Path, data: np.ndarray):
        self._data = data
        self._members = _members(path, data.data)
        pickles = [name for name in self._members if name.endswith(f"/{_PICKLE}") and name.count("/") == 1]
        if len(pickles) != 1:
            raise DamageError(f"it has {len(pickles)} members {_PICKLE}, and a file of tensors has one")
        self._root = pickles[0].removesuffix(_PICKLE)
        if self._members[pickles[0]].entry.file_size > _MOST_PICKLED:
            raise DamageError(f"its {_PICKLE} has more than {_MOST_PICKLED:,} bytes")
        self.byte_order = self._byte_order()
        self.state, _, _ = read_pickle(self._member(pickles[0]).data)

    def check(self, storage: Storage) -> None:
        """Compares a storage's size with its member's.

        Raises:
            DamageError: there is no such member, or it has another size.
        """
        name = f"{self._root}data/{storage.key}"
        if name not in self._members:
            raise DamageError(f"its member {brief(name)} is missing")
        size, needed = self._members[name].entry.file_size, storage.total * storage.itemsize
        if size != needed:
            raise DamageError(f"its member {brief(name)} has {size} bytes, and its pickle says {needed}")

    def run(self, storage: Storage) -> np.ndarray:
        """A storage's bytes: a part of the mapped file, or unpacked."""
        return self._member(f"{self._root}data/{storage.key}")

    def _byte_order(self) -> ByteOrder:
        name = f"{self._root}byteorder"
        if name not in self._members:  # of before PyTorch 2.1
            return "<"
        written = self._member(name)[:16].tobytes()
        if written not in (b"little", b"big"):
            raise DamageError(f"its byte order is {brief(written)}, and neither little nor big")
        return "<" if written == b"little" else ">"

    def _member(self, name: str) -> np.ndarray:
        member = self._members[name]
        if not member.is_packed:
            stored: np.ndarray = self._data[member.start : member.start + member.entry.file_size]
            return stored
        return np.frombuffer(_unpacked(self._data.data, member, brief(name)), np.uint8)


def _unpacked(data: memoryview, member: Member, name: str) -> bytes:
    """The bytes of a packed member: never more than its size, whatever is packed there."""
    entry, bound = member.entry, member.entry.file_size + 1  # a limit of 0 would be none
    try:
        unpacked = zlib.decompressobj(-15).decompress(data[member.start : member.start + entry.compress_size], bound)
    except zlib.error as error:
        raise DamageError(f"it is damaged ({brief(error)})") from error
    except MemoryError as error:
        raise DamageError(f"its member {name} does not fit the memory") from error
    if len(unpacked) != entry.file_size or zlib.crc32(unpacked) != entry.CRC:
        raise DamageError(f"it is damaged (its member {name} has other bytes than its table of contents says)")
    return unpacked


def is_torch_archive(path: Path) -> bool:
    """Whether an archive is of ``torch.save``, and not NumPy's; False where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(f"/{_PICKLE}") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
        return False


def _members(path: Path, data: memoryview) -> dict[str, Member]:
    """The members by name: each within the file, none twice, none over another."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries, end = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
        raise DamageError(f"it is damaged ({brief(error)})") from error
    members: dict[str, Member] = {}
    free = 0  # the first byte after the members so far
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = brief(entry.filename)
        if entry.filename in members:
            raise DamageError(f"its member {name} is there twice")
        _check_packing(entry, name)
        start = _first_byte(entry, data, name)
        if entry.header_offset < free or start + entry.compress_size > min(end, len(data)):
            raise DamageError(f"its member {name} overlaps another, or ends beyond the file")
        free = start + entry.compress_size
        members[entry.filename] = Member(entry, start)
    return members


def _check_packing(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise DamageError(f"its member {name} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamageError(f"its member {name} is packed in a way that PyTorch does not use ({entry.compress_type})")
    if entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
        raise DamageError(f"its member {name} is not packed, and has two sizes")
    if entry.file_size > _LARGE and entry.file_size > _RATIO * entry.compress_size:
        raise DamageError(f"its member {name} would unpack from {entry.compress_size} to {entry.file_size} bytes")


def _first_byte(entry: zipfile.ZipInfo, data: memoryview, name: str) -> int:
    """Where a member's bytes begin: after its own header, which repeats the name."""
    at = entry.header_offset
    if at < 0 or at + _LOCAL_HEADER.size > len(data):
        raise DamageError(f"its member {name} begins beyond the file")
    magic, *_, n_name, n_extra = _LOCAL_HEADER.unpack(data[at : at + _LOCAL_HEADER.size])
    start: int = at + _LOCAL_HEADER.size + n_name + n_extra
    written = bytes(data[at + _LOCAL_HEADER.size : at + _LOCAL_HEADER.size + n_name])
    encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
    if magic != b"PK\x03\x04" or written != entry.orig_filename.encode(encoding):
        raise DamageError(f"its member {name} is not where its table of contents says")
    return start
