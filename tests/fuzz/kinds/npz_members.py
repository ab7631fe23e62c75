"""An ``.npz`` whose members are many, large when unpacked, named strangely, or damaged."""

import io
import random
import zipfile

import numpy as np

from tests.fuzz.case import Case
from tests.fuzz.material import mutated, text
from tests.fuzz.models import native

_USES = (("show", "a", "--weights"), ("weights", "info"), ("show", "--attention"), ("show", "--vectors"))


def draw(rng: random.Random) -> Case:
    """A mutated good file, or an archive of strange members."""
    data = mutated(rng, native(".npz")) if rng.random() < 0.4 else _archive(rng)
    return Case((*rng.choice(_USES), "x.npz"), {"x.npz": data})


def _archive(rng: random.Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for i in range(rng.choice((0, 1, 2, 2, 30))):
            archive.writestr(f"{text(rng)[:9000]}{i}.npy".replace("\0", ""), _member(rng))
    return stream.getvalue()


def _member(rng: random.Random) -> bytes:
    array = np.zeros(
        rng.choice(((), (0,), (2, 2), (1, 1, 2, 2), (90, 90))), rng.choice(("f4", "f8", "U3", "i2", "c16"))
    )
    stream = io.BytesIO()
    np.save(stream, array)
    data = stream.getvalue()
    if rng.random() < 0.2:
        return data.replace(b"'shape': (", b"'shape': (" + rng.choice((b"9" * 30, b"-1,", b"1,", b"2**9,", b"(" * 90)))
    return mutated(rng, data) if rng.random() < 0.3 else data
