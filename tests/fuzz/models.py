"""Small good models to break, as the bytes of their files."""

import json
import tempfile
from functools import cache
from pathlib import Path

from attnviz.checkpoints.formats.native import write_native
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.seeded import SeededParams
from tests.checkpoints.folders import write_bert

_SMALL = EncoderConfig(n_layers=1, n_heads=2, d_model=6, d_ff=5, n_vocab=11)


@cache
def bert() -> dict[str, bytes]:
    """The files of a BERT of two layers, below ``bert``."""
    with tempfile.TemporaryDirectory() as folder:
        written = write_bert(Path(folder, "bert"))
        return {f"bert/{path.name}": path.read_bytes() for path in written.iterdir()}


@cache
def relative_of_bert(model_type: str, tokenizer_class: str) -> dict[str, bytes]:
    """The same without its tokenizer, as a family that has another one: such as ``roberta``."""
    files = {name: data for name, data in bert().items() if "vocab" not in name and "token" not in name}
    settings = {**json.loads(files["bert/config.json"]), "model_type": model_type}
    named = {"tokenizer_class": tokenizer_class}
    return files | {
        "bert/config.json": json.dumps(settings).encode(),
        "bert/tokenizer_config.json": json.dumps(named).encode(),
    }


@cache
def native(suffix: str) -> bytes:
    """A native file of one layer: ``.safetensors`` or ``.npz``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"toy{suffix}")
        write_native(path, _SMALL, SeededParams(_SMALL))
        return path.read_bytes()
