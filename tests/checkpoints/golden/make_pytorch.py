"""Makes the files of ``pytorch/``: the same tensors as PyTorch writes them, in both of its formats, and their numbers.

    python tests/checkpoints/golden/make_pytorch.py

Made with torch 2.13.0 (CPU) and numpy 2.4.6. Each file is one that ``torch.save`` wrote: ``zip`` is today's format,
``legacy`` the one before 1.6; ``protocol`` is the pickle's. ``numbers.npz`` has each tensor as float64.
"""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent / "pytorch"


def tensors():
    """Tensors of every float type, and of every way to be stored: shared, transposed, sliced, expanded, empty."""
    drawn = torch.randn(7, 5, generator=torch.Generator().manual_seed(3))
    table = drawn.half().float()
    return OrderedDict(
        {
            "float32": table,
            "float64": drawn.double(),
            "float16": drawn.half(),
            "bfloat16": drawn.bfloat16(),
            "tied": table,
            "transposed": table.t(),
            "sliced": table[2:6, 1:4],
            "every_second": table[::2, ::2],
            "one_row": table[3],
            "expanded": drawn[:1, :3].contiguous().expand(4, 3),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 3),
            "int64": torch.arange(6).reshape(1, 6),
            "uint8": torch.arange(3, dtype=torch.uint8),
            "int8": torch.arange(-2, 2, dtype=torch.int8),
            "bool": torch.tensor([True, False]),
            "parameter": torch.nn.Parameter(torch.arange(4.0)),
        }
    )


def main():
    HERE.mkdir(exist_ok=True)
    state = tensors()
    state._metadata = OrderedDict({"": {"version": 1}})
    np.savez_compressed(HERE / "numbers.npz", **{name: t.detach().double().numpy() for name, t in state.items()})
    torch.save(state, HERE / "zip.bin")
    torch.save(state, HERE / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(state, HERE / "zip-protocol4.bin", pickle_protocol=4)
    torch.save(state, HERE / "legacy-protocol4.bin", _use_new_zipfile_serialization=False, pickle_protocol=4)
    torch.save({"epoch": 3, "state_dict": dict(state)}, HERE / "run.bin")
    for file in sorted(HERE.iterdir()):
        print(file.name, file.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
