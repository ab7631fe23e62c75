"""Files that try: nothing in them is run, nothing large is allocated, and each is one line that says why not."""

import ast
import contextlib
import io
import json
import pickle
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import attnviz.checkpoints.formats.pytorch as room
from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.checkpoints.formats.pytorch import pickles
from attnviz.checkpoints.formats.pytorch.pickles import read_pickle
from attnviz.checkpoints.formats.shards import ShardedFile
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.errors import CheckpointError
from tests.checkpoints.formats.pytorch.pytorch_files import (
    BEGIN,
    HOOKS,
    MAGIC,
    named,
    state,
    storage,
    tensor,
    text,
    tuple_of,
    whole,
    write_legacy,
    write_zip,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "pytorch"
NUMBERS = np.arange(6, dtype="<f4").tobytes()
NAMED = "its pickle names {}, which could run a program and is never read"
UNKNOWN = "its pickle has the step {}, which tensors do not need and which is never run"


class Attack:
    """What Python's own module writes for an object that asks for a call."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def attack(*call, protocol=2):
    return pickle.dumps({"weight": Attack(*call)}, protocol)


def write_and_run():
    return exec, ("open('owned', 'w')",)


# Pickles by what they try, each with the clause that refuses it.
HOSTILE = {
    "reduce": (attack(*write_and_run()), NAMED.format("__builtin__.exec")),
    "reduce, protocol 4": (attack(*write_and_run(), protocol=4), NAMED.format("builtins.exec")),
    "reduce, protocol 0": (attack(*write_and_run(), protocol=0), UNKNOWN.format("(PUT|DICT)")),
    "global": (b"\x80\x02cos\nsystem\n(X\x0a\x00\x00\x00touch ownedtR.", NAMED.format("os.system")),
    "stack global": (b"\x80\x04" + text("os") + text("system") + b"\x93.", NAMED.format("os.system")),
    "a name with dots": (
        b"\x80\x04" + text("torch._utils") + text("_rebuild_tensor_v2.__globals__") + b"\x93.",
        NAMED.format("torch._utils._rebuild_tensor_v2.__globals__"),
    ),
    "another of torch": (named("torch._utils", "_rebuild_tensor") + b".", NAMED.format("torch._utils._rebuild_tensor")),
    "another storage": (named("torch", "QInt8Storage") + b".", NAMED.format("torch.QInt8Storage")),
    "inst": (b"\x80\x02(" + text("touch owned") + b"ios\nsystem\n.", UNKNOWN.format("INST")),
    "obj": (b"\x80\x02(" + named("collections", "OrderedDict") + b"o.", UNKNOWN.format("OBJ")),
    "newobj": (b"\x80\x02" + named("collections", "OrderedDict") + b")\x81.", UNKNOWN.format("NEWOBJ")),
    "newobj_ex": (b"\x80\x04" + named("collections", "OrderedDict") + b")}\x92.", UNKNOWN.format("NEWOBJ_EX")),
    "extension of one byte": (b"\x80\x02\x82\x01.", UNKNOWN.format("EXT1")),
    "extension of two": (b"\x80\x02\x83\x01\x00.", UNKNOWN.format("EXT2")),
    "extension of four": (b"\x80\x02\x84\x01\x00\x00\x00.", UNKNOWN.format("EXT4")),
    "persistent id as a line": (b"\x80\x02Pstorage\n.", UNKNOWN.format("PERSID")),
    "buffer outside": (b"\x80\x05\x97.", UNKNOWN.format("NEXT_BUFFER")),
    "a step of no pickle": (b"\x80\x02\xff.", UNKNOWN.format("byte 0xff")),
    "protocol 6": (b"\x80\x06N.", "its pickle is of protocol 6"),
    "calls a tensor": (state(a=tensor() + b")R"), "its pickle calls something that is not a function"),
    "calls a storage": (
        state(a=named("torch", "FloatStorage") + b"K\x01\x85R"),
        "its pickle calls torch.FloatStorage with arguments of other types",
    ),
    "calls without a tuple": (state(a=named("collections", "OrderedDict") + b"NR"), "a call without a tuple"),
    "attributes of a tensor": (state(a=tensor() + b"}b"), "its pickle gives attributes to something else"),
    "attributes of a dictionary": (state(a=b"}}b"), "its pickle gives attributes to something else"),
    "attributes of a class": (
        state(a=named("collections", "OrderedDict") + b"}b"),
        "its pickle gives attributes to something else",
    ),
    "a dictionary of what is not pairs": (
        state(a=named("collections", "OrderedDict") + b"K\x01\x85R"),
        "its pickle makes a dictionary of something else than pairs",
    ),
    "keys that are tuples": (state(a=b"}()tNs"), "a dictionary with keys that are neither texts nor numbers"),
    "keys of one hash": (
        b"\x80\x02}(" + b"".join(whole((2**61 - 1) * i) + b"N" for i in range(1, 9)) + b"u.",
        "a dictionary with keys that are neither texts nor numbers of 64 bits",
    ),
    "pairs of which thousands of dictionaries are made": (
        b"\x80\x02]("
        + b"".join(whole(i) + b"N\x86" for i in range(2000))
        + b"e\x85q\x01"
        + named("collections", "OrderedDict")
        + b"q\x02"
        + b"h\x02h\x01R" * 2000
        + b".",
        "it does not hold named tensors",
    ),
    "a text of more than a megabyte": (
        b"\x80\x04" + text("a" * (2**20 + 1)) + text("b") + b"\x93.",
        "its pickle has a text of 1,048,577 bytes, and 1,048,576 are read",
    ),
    "numbers that are negated": (
        state(a=tensor(more=b"}" + text("conj") + b"\x89s" + text("neg") + b"\x88s")),
        "a tensor is stored negated or conjugated",
    ),
    "something else that is said of the numbers": (state(a=tensor(more=b"K\x01")), "a tensor is stored negated"),
    "a foreign persistent id": (state(a=b"X\x01\x00\x00\x00aQ"), "a persistent id that is not a storage's"),
    "a persistent module": (
        state(a=tuple_of(text("module"), named("torch", "FloatStorage"), text("a"), text("b"), text("c")) + b"Q"),
        "a persistent id that is not a storage's",
    ),
    "a storage of no type": (
        state(
            a=tuple_of(text("storage"), named("collections", "OrderedDict"), text("0"), text("cpu"), whole(6)) + b"Q"
        ),
        "a storage without type, key or size",
    ),
    "a storage of -1 numbers": (state(a=tensor(source=storage(total=-1))), "a storage without type, key or size"),
    "a storage of 2^62 numbers": (state(a=tensor(source=storage(total=2**62))), "a storage without type, key or size"),
    "a storage of 2^61 numbers": (state(a=tensor(source=storage(total=2**61))), "and its pickle says|in the pickle"),
    "a storage outside": (state(a=tensor(source=storage("../../x"))), "is missing|does not name"),
    "a part beyond its storage": (
        state(a=tensor(source=storage(more=tuple_of(text("p"), whole(3), whole(4))))),
        "a part of its storage 0 ends beyond it",
    ),
    "one storage of two types": (
        state(a=tensor(), b=tensor((1,), (1,), source=storage(kind="HalfStorage"))),
        "its storage 0 has two types or sizes",
    ),
    "one storage of two sizes": (
        state(a=tensor(), b=tensor((1,), (1,), source=storage(total=5))),
        "its storage 0 has two types or sizes",
    ),
    "a tensor of 2^62 rows": (state(a=tensor((2**61, 2**61))), "a tensor of shape .* does not fit its storage"),
    "a tensor of 2^61 rows of nothing": (state(a=tensor((2**61, 3), (0, 0))), "does not fit its storage of 6 numbers"),
    "an offset beyond": (state(a=tensor(offset=1)), "does not fit its storage of 6 numbers"),
    "a stride beyond": (state(a=tensor(strides=(4, 1))), "does not fit its storage of 6 numbers"),
    "a negative stride": (state(a=tensor(strides=(-3, 1), offset=3)), "a tensor without storage, sizes or strides"),
    "a negative size": (state(a=tensor((-2, -3))), "a tensor without storage, sizes or strides"),
    "a negative offset": (state(a=tensor(offset=-1)), "a tensor without storage, sizes or strides"),
    "true as a size": (
        state(
            a=named("torch._utils", "_rebuild_tensor_v2")
            + tuple_of(storage(), whole(0), tuple_of(b"\x88"), tuple_of(whole(1)), b"\x89", HOOKS)
            + b"R"
        ),
        "a tensor without storage, sizes or strides",
    ),
    "more sizes than strides": (state(a=tensor((2, 3, 1))), "a tensor has 3 sizes and 2 strides"),
    "33 sizes": (state(a=tensor((1,) * 33, (1,) * 33)), "a tensor has 33 sizes and 33 strides"),
    "too few arguments": (
        state(a=named("torch._utils", "_rebuild_tensor_v2") + tuple_of(storage()) + b"R"),
        "a tensor of too few or too many arguments",
    ),
    "no tensors": (state(a=b"N"), "it does not hold named tensors"),
    "a tensor alone": (b"\x80\x02" + tensor() + b".", "it does not hold named tensors"),
    "names that are numbers": (b"\x80\x02}K\x01" + tensor() + b"s.", "tensors whose names are not texts"),
    "an empty stack": (b"\x80\x02.", "its pickle takes more than it puts"),
    "below a mark": (b"\x80\x02N(\x85.", "its pickle takes more than it puts"),
    "no mark": (b"\x80\x02t.", "has no mark"),
    "an unknown note": (b"\x80\x02h\x07.", "recalls what it has not noted"),
    "no end": (b"\x80\x02", "its pickle ends too early|its pickle has the step"),
    "a text of 2^63 bytes": (b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"a.", "its pickle ends too early"),
    "a frame of 2^63 bytes": (b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"N.", "does not hold named tensors"),
    "a name of megabytes": (b"\x80\x02c" + b"a" * 2**21 + b"\nb\n.", "a name in its pickle has no end"),
    "extends what is not a list": (state(a=b"}(NNe"), "extends something else than a list"),
    "fills what is not a dictionary": (state(a=b"](NNu"), "fills something else than a dictionary"),
}


def zip_of(tmp_path, data):
    return write_zip(tmp_path / "x.bin", data, {"0": NUMBERS})


def legacy_of(tmp_path, data):
    return write_legacy(tmp_path / "x.bin", data, {"0": NUMBERS})


def refusal(path):
    with pytest.raises(CheckpointError) as error:
        open_tensors(path)
    assert str(error.value).isprintable()
    return str(error.value)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("write", [zip_of, legacy_of])
def test_a_hostile_pickle_is_refused_and_nothing_is_run_or_allocated(tmp_path, monkeypatch, name, write):
    data, clause = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, data)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=clause):
            open_tensors(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**23
    assert [file.name for file in tmp_path.iterdir()] == ["x.bin"]


def test_a_whole_file_that_is_a_program_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in range(6):
        (tmp_path / "x.bin").write_bytes(attack(*write_and_run(), protocol=protocol))
        assert refusal(tmp_path / "x.bin").split("; ")[0].endswith(("is never read", "unknown format"))
    assert [file.name for file in tmp_path.iterdir()] == ["x.bin"]


def test_a_program_in_any_of_the_other_pickles_of_a_legacy_file_is_refused(tmp_path):
    program, good = attack(*write_and_run()), state(a=tensor())
    (tmp_path / "x.bin").write_bytes(MAGIC + program)
    assert "__builtin__.exec" in refusal(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(program[:-1] + MAGIC)
    assert "never read" in refusal(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(BEGIN + good + program)
    assert "__builtin__.exec" in refusal(tmp_path / "x.bin")


def test_a_pickle_in_a_pickle_is_bytes(tmp_path):
    inner = attack(*write_and_run())
    pickled = state(a=tensor(), b=b"C" + bytes([len(inner)]) + inner)
    assert set(open_tensors(zip_of(tmp_path, pickled)).shapes) == {"a"}


PROGRAM = """
import copyreg, encodings.cp437, pickletools, sys
from pathlib import Path
copyreg.add_extension("os", "system", 1)
import numpy
from attnviz.checkpoints.formats import pytorch, tensors
from attnviz.errors import CheckpointError
tensors.open_tensors(Path(sys.argv[1])).array("float32")  # whatever is imported once
events = set()
sys.addaudithook(lambda name, arguments: events.add(name))
for path in sys.argv[1:]:
    try:
        file = tensors.open_tensors(Path(path))
        for name in file.shapes:
            file.dtypes[name] in ("F32", "F64") and file.array(name)
    except CheckpointError:
        pass
print(*sorted(events))
"""


def test_the_interpreter_sees_nothing_but_files_being_opened(tmp_path):
    """Python reports each call of compile, exec, import, subprocess and find_class to its audit hooks."""
    paths = [GOLDEN / "zip.bin", GOLDEN / "legacy.bin"]
    for i, (data, _) in enumerate(HOSTILE.values()):
        paths += [write_zip(tmp_path / f"{i}z", data, {"0": NUMBERS}), write_legacy(tmp_path / f"{i}l", data, {})]
    command = [sys.executable, "-c", PROGRAM, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert set(done.stdout.split()) == {"open", "mmap.__new__"}
    assert not (tmp_path / "owned").exists()


def test_no_module_of_the_room_can_look_anything_up_or_run_it():
    names = set()
    for path in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names |= {node.id} if isinstance(node, ast.Name) else set()
            names |= {alias.name for alias in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()
            names |= {str(node.module)} if isinstance(node, ast.ImportFrom) else set()
    assert not names & {"eval", "exec", "compile", "getattr", "__import__", "importlib", "globals", "pickle", "copyreg"}


def zip_bytes(members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return bytearray(stream.getvalue())


GOOD = {"a/data.pkl": state(a=tensor()), "a/data/0": NUMBERS}


def patched(data, find, offset, value, form="<I"):
    """An archive with one field changed, after the last place of some bytes."""
    struct.pack_into(form, data, bytes(data).rindex(find) + offset, value)
    return data


def overlapping():
    """Two entries of the table of contents that lead to one place."""
    data = zip_bytes(GOOD | {"a/data/1": NUMBERS})
    central = bytes(data).index(b"PK\x01\x02")
    last = bytes(data).rindex(b"PK\x01\x02")
    second = bytes(data).index(b"PK\x01\x02", central + 1)
    data[last + 42 : last + 46] = data[second + 42 : second + 46]
    return data


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (zip_bytes({"a/data.pkl": GOOD["a/data.pkl"]}), "its member a/data/0 is missing"),
        (zip_bytes(GOOD | {"b/data.pkl": b"N."}), "it has 2 members data.pkl"),
        (zip_bytes({"a/b/data.pkl": b"N."}), "it has 0 members data.pkl"),
        (zip_bytes(GOOD | {"a/data/0": NUMBERS[:-1]}), "has 23 bytes, and its pickle says 24"),
        (zip_bytes(GOOD | {"a/byteorder": "middle"}), "its byte order is .*middle"),
        (zip_bytes(GOOD, zipfile.ZIP_BZIP2), "packed in a way that PyTorch does not use"),
        (overlapping(), "is not where its table of contents says|overlaps another"),
        (patched(zip_bytes(GOOD), b"PK\x01\x02", 42, 2**31), "begins beyond the file|damaged"),
        (patched(zip_bytes(GOOD), b"PK\x01\x02", 24, 2**31), "is not packed, and has two sizes"),
        (patched(zip_bytes(GOOD), b"PK\x01\x02", 20, 2**31), "is not packed, and has two sizes|overlaps"),
        (patched(zip_bytes(GOOD), b"PK\x01\x02", 8, 1, "<H"), "is encrypted"),
        (patched(zip_bytes(GOOD), b"PK\x03\x04", 26, 60000, "<H"), "is not where|ends beyond"),
        (zip_bytes(GOOD)[:-30], "damaged"),
        (zip_bytes(GOOD)[:100], "damaged"),
    ],
)
def test_a_damaged_archive_is_one_line(tmp_path, data, clause):
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=clause):
        open_tensors(path)


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.bin", "w") as archive:
        for name, data in GOOD.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/data/0", bytes(24))
    assert "its member a/data/0 is there twice" in refusal(tmp_path / "x.bin")


@pytest.mark.parametrize("packed", ["data.pkl", "data/0"])
def test_a_member_is_never_unpacked_beyond_the_size_that_it_has(tmp_path, packed):
    """64 megabytes of zeros, which both of its headers call 24 bytes."""
    with zipfile.ZipFile(tmp_path / "x.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        if packed == "data/0":
            archive.writestr("a/data.pkl", state(a=tensor()))
        archive.writestr(f"a/{packed}", bytes(2**26))
    data = bytearray((tmp_path / "x.bin").read_bytes())
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.rfind(magic) + place, 24)
    (tmp_path / "x.bin").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=f"its member a/{packed} has other bytes"):
        open_tensors(tmp_path / "x.bin").array("a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_a_bomb_is_not_unpacked(tmp_path):
    """32 megabytes of zeros in 32 kilobytes."""
    total = 2**23
    with zipfile.ZipFile(tmp_path / "x.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", state(a=tensor((total,), (1,), source=storage(total=total))))
        with archive.open("a/data/0", "w") as member:
            for _ in range(2):
                member.write(bytes(2**24))
    tracemalloc.start()
    said = refusal(tmp_path / "x.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "its member a/data/0 would unpack from" in said
    assert peak < 2**20


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (b"\x80\x02K\x01.", "it is a pickle, which could run any program and is never read"),
        (MAGIC + b"\x80\x02M\xea\x03.", "it is of version 1002, and version 1001 is read"),
        (MAGIC, "its pickle ends too early"),
        (BEGIN, "its pickle ends too early"),
        (BEGIN + state(a=tensor()) + b"\x80\x02N.", "its list of storages"),
        (BEGIN + state(a=tensor()) + b"\x80\x02](" + text("0") * 2 + b"e.", "its list of storages"),
        (BEGIN + state(a=tensor()) + b"\x80\x02].", "its storage 0 is missing"),
        (BEGIN + state(a=tensor()) + b"\x80\x02](" + text("1") + b"e.", "its pickle does not name its storage 1"),
    ],
)
def test_a_damaged_legacy_file_is_one_line(tmp_path, data, clause):
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=clause):
        open_tensors(path)


@pytest.mark.parametrize("left_out", [1, 23, 24, 31])
def test_a_legacy_file_that_ends_too_early_is_damaged(tmp_path, left_out):
    path = write_legacy(tmp_path / "x.bin", state(a=tensor()), {"0": NUMBERS})
    path.write_bytes(path.read_bytes()[:-left_out])
    assert "bytes are left" in refusal(path)


def test_a_legacy_storage_of_another_size_is_damaged(tmp_path):
    path = write_legacy(tmp_path / "x.bin", state(a=tensor()), {"0": NUMBERS}, {"0": 2**62})
    assert "has 6 numbers in the pickle, 4611686018427387904 in the file" in refusal(path)


def opened(path):
    """Whether a file opens, and all that it holds is read, or is refused in a printable line."""
    try:
        file = open_tensors(path)
        for name, dtype in file.dtypes.items():
            if dtype in NUMBER_TYPES and np.prod(file.shapes[name], dtype=float) < 1e6:
                assert file.array(name).shape == file.shapes[name]
    except CheckpointError as error:
        return str(error).isprintable()
    return True


@pytest.mark.parametrize("name", ["zip.bin", "legacy.bin", "zip-protocol4.bin", "legacy-protocol4.bin"])
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4), kept=st.floats(0, 1))
@example(changes=[(0.0, 0x80)], kept=1.0)
@settings(max_examples=150)
def test_a_changed_or_shortened_file_opens_or_is_refused(tmp_path_factory, name, changes, kept):
    data = bytearray((GOLDEN / name).read_bytes())
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path_factory.getbasetemp() / "changed.bin"
    path.write_bytes(data if kept > 0.3 else data[: max(1, int(kept * len(data)))])
    assert opened(path)


STEPS = [bytes([code]) for code in range(256)] + [
    HOOKS, storage(), tensor(), text("a"), named("torch", "FloatStorage"), tuple_of(), b"K\x03",
]  # fmt: skip


@given(steps=st.lists(st.sampled_from(STEPS), max_size=40))
@settings(max_examples=500)
def test_any_sequence_of_steps_is_read_or_refused(steps):
    with contextlib.suppress(DamageError):
        _, end, _ = read_pickle(memoryview(b"".join(steps) + b"."))
        assert end <= len(b"".join(steps)) + 1


def test_steps_without_end_are_ended(monkeypatch):
    monkeypatch.setattr(pickles, "_MOST_STEPS", 1000)
    with pytest.raises(DamageError, match="more than"):
        read_pickle(memoryview(b"\x80\x02" + b"N" * 1000 + b"."))


@pytest.mark.parametrize("steps", [b")" + b"\x85" * 10**5, b")" + b"q\x00h\x00\x86" * 60], ids=["deep", "doubled"])
def test_a_version_of_any_depth_is_not_printed(tmp_path, steps):
    (tmp_path / "x.bin").write_bytes(MAGIC + b"\x80\x02" + steps + b".")
    assert "it is of no known version, and version 1001 is read" in refusal(tmp_path / "x.bin")


def test_a_shard_of_a_name_that_no_file_can_have_is_missing(tmp_path):
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"a": f"{'x' * 300}.bin"}}))
    with pytest.raises(CheckpointError, match="is not there; expected all its shards"):
        ShardedFile(index)


def test_an_index_that_leads_elsewhere_is_refused(tmp_path):
    index = tmp_path / "pytorch_model.bin.index.json"
    for file in ("../x.bin", "x.safetensors", "/etc/x.bin"):
        index.write_text(json.dumps({"weight_map": {"a": file}}))
        with pytest.raises(CheckpointError, match="which is not a PyTorch file in its folder"):
            ShardedFile(index)
