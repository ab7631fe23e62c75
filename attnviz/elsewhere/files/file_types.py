"""Files that are not attention, recognised by their first bytes, each with what to do instead."""

from attnviz.errors import InputError
from attnviz.records import dataclass

EXPECTED = "expected attention as .npy, .npz, .safetensors or JSON"

EAGER_HINT = "transformers gives no attention unless the model is loaded with attn_implementation='eager'"

_PICKLE = "it is a pickle, which could run any program and is never read"
_SAVE_TORCH = (
    "in Python: a = torch.load('FILE', map_location='cpu'); "
    "numpy.savez('attention.npz', *[layer.detach().float().numpy() for layer in a])"
)


@dataclass(frozen=True)
class FileType:
    """A type of file that does not hold attention in a form that can be read.

    Attributes:
        name: what it is, as a clause for a message.
        hint: how to get attention out of it.
    """

    name: str
    hint: str


PICKLE = FileType(_PICKLE, _SAVE_TORCH)
PYTORCH = FileType(
    "it is a PyTorch file (.pt, .pth), whose pickle could run any program and is never read", _SAVE_TORCH
)
_H5 = FileType(
    "it is an HDF5 file (.h5)",
    "in Python: numpy.save('attention.npy', h5py.File('FILE')['NAME'][:]), of its array NAME",
)
_GGUF = FileType("it is a GGUF file, which holds a model's weights", "save the attention that the model computes")
_ONNX = FileType(
    "it is an ONNX model", "run it, and save its attention outputs: numpy.savez('attention.npz', *outputs)"
)
_PARQUET = FileType(
    "it is a Parquet file",
    "in Python: pandas.read_parquet('FILE').to_json('FILE.jsonl', orient='records', lines=True)",
)
_ARROW = FileType(
    "it is an Arrow file",
    "in Python: pandas.read_feather('FILE').to_json('FILE.jsonl', orient='records', lines=True)",
)
_MATLAB = FileType(
    "it is a MATLAB file (.mat)", "in Python: numpy.save('attention.npy', scipy.io.loadmat('FILE')['NAME'])"
)
_ZSTD = FileType("it is packed by zstd", "unpack it first: zstd -d FILE")
_PICTURE = FileType("it is a picture", "save the numbers, not their picture")
_ZIP = FileType("it is a ZIP archive without arrays", "numpy.savez writes archives of arrays (.npz)")

_NUMBERS = FileType(
    "it is text", "of numbers, in Python: numpy.save('attention.npy', numpy.loadtxt('FILE', delimiter=','))"
)
_OLD_PICKLES = (b"(lp", b"(dp", b"]q", b"}q", b"cnumpy", b"ctorch", b"ccollections")  # of protocols 0 and 1

_BY_START = (
    (b"\x89HDF\r\n\x1a\n", _H5),
    (b"GGUF", _GGUF),
    (b"PAR1", _PARQUET),
    (b"ARROW1", _ARROW),
    (b"FEA1", _ARROW),
    (b"MATLAB 5.0", _MATLAB),
    (b"\x28\xb5\x2f\xfd", _ZSTD),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"%PDF", _PICTURE),
)


def foreign_type(start: bytes) -> FileType | None:
    """The type of a file that begins so; None where it is not one of those known here."""
    if start[:1] == b"\x80" or start.startswith(_OLD_PICKLES):
        return PICKLE
    if start[:1].isdigit() or start[:2] in (b"# ", b"-0", b".0"):
        return _NUMBERS
    if _is_onnx(start):
        return _ONNX
    return next((kind for magic, kind in _BY_START if start.startswith(magic)), None)


def archive_type(members: list[str]) -> FileType | None:
    """The type of a ZIP archive with these members; None where it may be an ``.npz``."""
    if any(member.endswith("data.pkl") for member in members):
        return PYTORCH
    if any(member.endswith(".h5") for member in members):
        return _H5
    return _ZIP if members and not any(member.endswith(".npy") for member in members) else None


def refused(kind: FileType, where: str) -> InputError:
    """The error for a file of that type."""
    path = where if "/" not in where else where.rpartition("/")[2]
    return InputError(f"{where}: {kind.name}; {EXPECTED}", hint=kind.hint.replace("FILE", path))


def _is_onnx(start: bytes) -> bool:
    """Whether it begins like ONNX's message: field 1, a small version, then one of the next fields."""
    return (
        start[:1] == b"\x08" and len(start) > 2 and start[1] < 32 and start[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A)
    )
