"""Ollama's folder with manifests that name files elsewhere, and names that lead out of it."""

import json
import random

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, text, word

_MODEL = "application/vnd.ollama.image.model"
_DIGEST = "sha256:" + "a" * 64
_DIGESTS = (
    "sha256:" + "../" * 21 + "x",
    "sha256-" + "a" * 64,
    "../../../../etc/passwd",
    "sha256:" + "A" * 64,
    "/etc/passwd",
    "",
)
_NAMES = (
    "toy",
    "toy:latest",
    "../toy",
    "toy:../..",
    "a/b/c/d",
    ":",
    "",
    "toy\0x",
    "hf.co/a/toy",
    "*",
    "TOY",
    "toy:" * 9,
)


def draw(rng: random.Random) -> Case:
    """One manifest of a good name, and a name that is asked for."""
    manifest = {"schemaVersion": 2, "layers": [{"mediaType": _MODEL, "digest": _DIGEST, "size": 9}]}
    name = "toy"
    kind = rng.randrange(4)
    if kind == 0:
        manifest["layers"] = [{"mediaType": _MODEL, "digest": rng.choice(_DIGESTS)}]
    elif kind == 1:
        name = rng.choice(_NAMES) if rng.random() < 0.6 else word(rng)
    data = json_bytes(rng, manifest) if kind == 2 else json.dumps(manifest).encode()
    blob = rng.choice((b"", b"GGUF", b"GGUF\3\0\0\0" + rng.randbytes(40), text(rng).encode("utf-8", "replace")))
    files = {
        "ollama/manifests/registry.ollama.ai/library/toy/latest": data,
        f"ollama/blobs/sha256-{'a' * 64}": blob,
    }
    name = name.replace("\0", "")
    command = rng.choice((("show", "the cat", "--model"), ("models",)))
    return Case((*command, f"ollama:{name}"), files, env={"OLLAMA_MODELS": "ollama"})
