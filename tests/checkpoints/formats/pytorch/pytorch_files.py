"""Files as ``torch.save`` writes them, put together byte by byte from the formats' descriptions."""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np

STORAGES = {"<f4": "FloatStorage", "<f8": "DoubleStorage", "<f2": "HalfStorage", "<i8": "LongStorage"}
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
BEGIN = MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02}(X\r\x00\x00\x00little_endian\x88u."


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def whole(value: int) -> bytes:
    """A whole number of any size."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def tuple_of(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def storage(key: str = "0", total: int = 6, kind: str = "FloatStorage", more: bytes = b"") -> bytes:
    return tuple_of(text("storage"), named("torch", kind), text(key), text("cpu"), whole(total), more) + b"Q"


HOOKS = named("collections", "OrderedDict") + b")R"


def tensor(shape=(2, 3), strides=(3, 1), offset=0, source=None, hooks=HOOKS, more=b"") -> bytes:
    sizes = [tuple_of(*map(whole, values)) for values in (shape, strides)]
    arguments = tuple_of(source or storage(), whole(offset), *sizes, b"\x89", hooks, more)
    return named("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def state(**tensors: bytes) -> bytes:
    """The pickle of an ordered dictionary, with metadata as modules have it."""
    items = b"".join(text(name) + steps for name, steps in tensors.items())
    metadata = b"}" + text("_metadata") + HOOKS + b"s"
    return b"\x80\x02" + HOOKS + b"(" + items + b"u" + metadata + b"b."


def write_zip(path: Path, pickle: bytes, storages: dict[str, bytes], *, order="little", packed=False, root="archive"):
    """Today's format: a member for the pickle, and one for each storage."""
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(f"{root}/data.pkl", pickle)
        if order is not None:
            archive.writestr(f"{root}/byteorder", order)
        for key, data in storages.items():
            archive.writestr(f"{root}/data/{key}", data)
        archive.writestr(f"{root}/version", "3\n")
    return path


def write_legacy(path: Path, pickle: bytes, storages: dict[str, bytes], numbers: dict[str, int] | None = None):
    """The format before PyTorch 1.6; ``numbers`` of each storage, by default of four bytes each."""
    keys = b"\x80\x02](" + b"".join(text(key) for key in storages) + b"e."
    blocks = [struct.pack("<q", (numbers or {}).get(key, len(data) // 4)) + data for key, data in storages.items()]
    path.write_bytes(BEGIN + pickle + keys + b"".join(blocks))
    return path


def write_bin(path: Path, tensors: dict[str, np.ndarray], *, legacy: bool = False) -> None:
    """A whole file of plain tensors."""
    steps, storages, numbers = {}, {}, {}
    for key, (name, array) in enumerate(tensors.items()):
        dtype = np.dtype(array.dtype).newbyteorder("<")
        strides = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
        source = storage(str(key), array.size, STORAGES[dtype.str])
        steps[name] = tensor(array.shape, strides[: array.ndim], source=source)
        storages[str(key)], numbers[str(key)] = np.ascontiguousarray(array, dtype).tobytes(), array.size
    if legacy:
        write_legacy(path, state(**steps), storages, numbers)
    else:
        write_zip(path, state(**steps), storages)


def write_bin_shards(folder: Path, tensors: dict[str, np.ndarray], n: int = 3) -> None:
    """The same tensors in several files, with their index."""
    names, weight_map = list(tensors), {}
    for i in range(n):
        file = f"pytorch_model-{i + 1:05d}-of-{n:05d}.bin"
        write_bin(folder / file, {name: tensors[name] for name in names[i::n]}, legacy=i == 1)
        weight_map |= dict.fromkeys(names[i::n], file)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
