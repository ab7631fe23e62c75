"""A safetensors file whose table of contents was changed: names, types, shapes, places, and the header's own fields."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, mutated, mutated_value
from tests.fuzz.models import bert, native

_COMMANDS = (("show", "the cat"), ("models",), ("weights", "info"), ("heads", "the cat"))


def draw(rng: random.Random) -> Case:
    """A native file, or the weights of a folder, with some mutations of the header."""
    is_native = rng.random() < 0.6
    data = native(".safetensors") if is_native else bert()["bert/model.safetensors"]
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    if is_native and rng.random() < 0.5:  # the configuration inside the header
        fields = json.loads(header["__metadata__"]["attnviz.config"])
        header["__metadata__"]["attnviz.config"] = json_bytes(rng, fields).decode("utf-8", "replace")
        written = json.dumps(header).encode()
    else:
        written = json_bytes(rng, header) if rng.random() < 0.5 else json.dumps(_shaped(rng, header)).encode()
    size = len(written) if rng.random() < 0.9 else rng.choice((0, len(written) // 2, len(written) + 9, 2**40, 2**63))
    broken = size.to_bytes(8, "little") + written + data[8 + length :]
    broken = mutated(rng, broken) if rng.random() < 0.1 else broken
    return _case(rng, broken, is_native=is_native)


def _shaped(rng: random.Random, header: dict) -> dict:
    name = rng.choice([name for name in header if name != "__metadata__"])
    return header | {name: mutated_value(rng, header[name])}


def _case(rng: random.Random, data: bytes, *, is_native: bool) -> Case:
    command = rng.choice(_COMMANDS)
    if not is_native:
        place = ("bert",) if command == ("models",) else ("--model", "bert")
        return Case(
            (*(command if command[0] != "weights" else ("models",)), *place), bert() | {"bert/model.safetensors": data}
        )
    place = ("--weights", "w.safetensors") if command[0] in ("show", "heads") else ("w.safetensors",)
    return Case((*command, *place), {"w.safetensors": data})
