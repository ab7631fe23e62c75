"""Golden folders as GGUF files that llama.cpp itself runs: with a vocabulary, without tensors that it does not know."""

from pathlib import Path

import numpy as np

from tests.checkpoints.gguf.conversion import Recipe, config_of, tensors_of, usual_keys, write_gguf

N = 12  # tokens
EMBEDDINGS = ("bert", "nomic-bert", "modern-bert")  # architectures that make a vector of a text
_YARN = {"rotary_high": 32.0, "rotary_low": 1.0}  # llama.cpp does not read these from a file

# What llama.cpp computes otherwise than the published models: no windows here, and each with a reason in its code.
FIELDS = {
    "phi3": {"window": 61},
    "exaone4": {"window": 61, "rotary_layers": "0-1"},
    "llama_yarn": _YARN,
    "olmo3": _YARN,
    "gpt_oss": _YARN,
    "deepseek_v3": {**_YARN, "latent_eps": 0.002},
}
# Folders that it does not load: their sizes or layers are not those of any real model.
LEFT_OUT = {
    *("glm", "olmoe", "qwen2_moe", "qwen3_moe", "cohere_qk_norm", "eurobert", "embeddinggemma", "llama"),
    *("t5", "mt5", "umt5", "t5_encoder"),
}
_BARE = {"gpt_neox_serial", "stablelm_norms", "stablelm_parallel"}
_BIASED = {"falcon_new", "smollm3"}


def ids_of(n_vocab: int) -> np.ndarray:
    return np.random.default_rng(1).integers(2, n_vocab, N)


def write_for_llama_cpp(recipe: Recipe, path: Path) -> np.ndarray:
    """Writes the file; the ids of a text for it."""
    config = config_of(recipe.folder)
    tensors = tensors_of(recipe, config)
    n_vocab = tensors["token_embd.weight"].shape[0]
    if recipe.folder in _BARE:
        tensors["output.weight"] = tensors["token_embd.weight"]
    if recipe.folder in _BIASED:
        tensors = {name: array for name, array in tensors.items() if not name.endswith(".bias") or "norm" in name}
    keys = usual_keys(config) | dict(recipe.keys(config)) | {"vocab_size": n_vocab} | vocabulary(n_vocab)
    if recipe.architecture in EMBEDDINGS:
        types = tensors.get("token_types.weight", np.zeros((1, 1)))
        keys |= {"pooling_type": 2, "tokenizer.ggml.token_type_count": types.shape[0]}
    write_gguf(path, recipe.architecture, keys, tensors)
    return ids_of(n_vocab)


def vocabulary(n: int) -> dict[str, object]:
    """The least that llama.cpp takes for a tokenizer."""
    values = {
        "model": "gpt2",
        "pre": "default",
        "tokens": [chr(0x4E00 + i) for i in range(n)],
        "token_type": [1] * n,
        "merges": ["a b"],
        "bos_token_id": 0,
        "eos_token_id": 1,
        "cls_token_id": 0,
        "seperator_token_id": 1,
        "add_bos_token": False,
    }
    return {f"tokenizer.ggml.{name}": value for name, value in values.items()}
