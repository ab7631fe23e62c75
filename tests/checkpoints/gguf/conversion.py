"""Golden folders as GGUF files: keys and tensors as llama.cpp's converter changes them, by the package's writer."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np

from attnviz.checkpoints.formats.tensors import open_tensors

GOLDEN = Path(__file__).parents[1] / "golden"
Tensors = Iterator[tuple[str, np.ndarray]]


def nothing(config: dict) -> dict:
    return {}


def unchanged(name: str, array: np.ndarray, config: dict) -> Tensors:
    yield name, array


@dataclass(frozen=True)
class Recipe:
    """How the converter writes one golden folder.

    Attributes:
        architecture: in GGUF's spelling.
        folder: the golden folder's name.
        keys: besides the usual ones; None takes one away.
        change: what becomes of a tensor: its published names, with its numbers.
        more: further tensors, under GGUF's names.
        prefix: what the converter's table has before names, and the folder has not.
        fields: what GGUF has no key for, and the golden folder has not as llama.cpp does.
    """

    architecture: str
    folder: str
    keys: Callable[[dict], Mapping[str, object]] = nothing
    change: Callable[[str, np.ndarray, dict], Tensors] = unchanged
    more: Callable[[dict], Mapping[str, np.ndarray]] = nothing
    prefix: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def n_layers(self) -> int:
        config = config_of(self.folder)
        stacks = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers")
        return max(config.get(name) or 0 for name in stacks)


def first(config: dict, *names: str) -> object:
    return next((config[name] for name in names if config.get(name) is not None), None)


def usual_keys(config: dict) -> dict[str, object]:
    """The keys that all architectures have (``TextModel.set_gguf_parameters``)."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    wide, near = rope.get("full_attention", rope), rope.get("sliding_attention", {})
    keys = {
        "block_count": first(config, "n_layers", "num_hidden_layers", "n_layer", "num_layers"),
        "context_length": first(config, "max_position_embeddings", "n_ctx", "n_positions", "max_length"),
        "embedding_length": first(config, "hidden_size", "n_embd", "dim"),
        "feed_forward_length": first(config, "intermediate_size", "n_inner", "hidden_dim"),
        "attention.head_count": first(config, "num_attention_heads", "n_head", "n_heads"),
        "attention.head_count_kv": first(config, "num_key_value_heads", "n_kv_heads"),
        "attention.layer_norm_rms_epsilon": first(config, "rms_norm_eps", "norm_eps"),
        "attention.layer_norm_epsilon": first(config, "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"),
        "attention.key_length": config.get("head_dim"),
        "attention.value_length": config.get("head_dim"),
        "attention.causal": False if config.get("is_causal") is False else None,
        "rope.freq_base": first({**config, **wide}, "global_rope_theta", "rope_theta", "rotary_emb_base"),
        "rope.freq_base_swa": near.get("rope_theta") or first(config, "local_rope_theta", "rope_local_base_freq"),
        "expert_count": first(config, "num_local_experts", "num_experts"),
        "expert_used_count": config.get("num_experts_per_tok"),
        "expert_group_count": config.get("n_group"),
        "expert_group_used_count": config.get("topk_group"),
        "expert_gating_func": {"softmax": 1, "sigmoid": 2, None: None}[config.get("scoring_func")],
    }
    if wide.get("rope_type") in ("linear", "yarn"):
        keys |= {"rope.scaling.type": wide["rope_type"], "rope.scaling.factor": float(wide["factor"])}
    if wide.get("rope_type") == "yarn":
        keys |= {
            "rope.scaling.original_context_length": wide["original_max_position_embeddings"],
            "rope.scaling.yarn_attn_factor": wide.get("attention_factor"),
            "rope.scaling.yarn_beta_fast": wide.get("beta_fast"),
            "rope.scaling.yarn_beta_slow": wide.get("beta_slow"),
        }
    if wide.get("rope_type") == "longrope":
        keys["rope.scaling.type"] = "longrope"
    floats = ("rope.", "attention.layer_norm")
    return {
        key: float(value) if key.startswith(floats) and isinstance(value, int) and "length" not in key else value
        for key, value in keys.items()
    }


def config_of(folder: str) -> dict:
    return json.loads((GOLDEN / folder / "config.json").read_text())


def tensors_of(recipe: Recipe, config: dict) -> dict[str, np.ndarray]:
    """The tensors under GGUF's names, the experts' of a layer in one; the head's are left out but for ``lm_head``."""
    code = next(code for code, name in gguf.MODEL_ARCH_NAMES.items() if name == recipe.architecture)
    names = gguf.get_tensor_name_map(code, recipe.n_layers)
    file = open_tensors(GOLDEN / recipe.folder / "model.safetensors")
    published = {name: np.array(file.array(name), np.float32) for name in file.shapes}
    changed = dict(pair for name, array in published.items() for pair in recipe.change(name, array, config))
    experts: dict[str, dict[int, np.ndarray]] = {}
    tensors = {}
    for theirs, array in changed.items():
        name, numbered = recipe.prefix + theirs, re.search(r"(?<=\.experts)\.(\d+)", theirs)
        if numbered is not None:
            of_all = theirs[: numbered.start()] + theirs[numbered.end() :]
            experts.setdefault(of_all, {})[int(numbered[1])] = array
        else:
            tensors[name] = array
    for name, each in experts.items():
        merged = name.replace("model.layers", "layers").replace("block_sparse_moe", "feed_forward")
        named = merged if "block_sparse_moe" in name else name
        tensors[named] = np.stack([each[i] for i in range(len(each))])
    ours = {theirs: names.get_name(theirs, (".weight", ".bias")) for theirs in tensors}
    ours |= {name: name for name in tensors if name.startswith("blk.")}
    assert None not in ours.values(), [name for name, own in ours.items() if own is None]
    return {ours[name]: array for name, array in tensors.items()} | dict(recipe.more(config))


def write_gguf(
    path: Path,
    architecture: str,
    keys: Mapping[str, object],
    tensors: Mapping[str, np.ndarray],
    kind: str = "F32",
    *,
    quantise: Callable[[np.ndarray, gguf.GGMLQuantizationType], np.ndarray] = gguf.quantize,
    **options: int,
) -> None:
    """A file; matrices are of a kind, as far as their rows fit its blocks, and all else float32."""
    writer = gguf.GGUFWriter(path, architecture, **options)
    for key, value in keys.items():
        _add(writer, key if key.startswith(("general.", "tokenizer.")) else f"{architecture}.{key}", value)
    for name, array in tensors.items():
        code = gguf.GGMLQuantizationType[kind]
        block = gguf.GGML_QUANT_SIZES[code][0]
        if array.ndim < 2 or array.shape[-1] % block:
            writer.add_tensor(name, np.ascontiguousarray(array, np.float32))
        elif kind in ("F32", "F16"):
            writer.add_tensor(name, np.ascontiguousarray(array, {"F32": np.float32, "F16": np.float16}[kind]))
        else:
            writer.add_tensor(name, quantise(np.ascontiguousarray(array, np.float32), code), raw_dtype=code)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add(writer: gguf.GGUFWriter, key: str, value: object) -> None:
    kinds = {bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
    if isinstance(value, list):
        writer.add_array(key, value)
    elif value is not None:
        kinds[type(value)](key, value)


def convert(recipe: Recipe, path: Path, kind: str = "F32", **options: int) -> None:
    """The golden folder of a recipe as a GGUF file."""
    config = config_of(recipe.folder)
    keys = usual_keys(config) | dict(recipe.keys(config))
    write_gguf(path, recipe.architecture, keys, tensors_of(recipe, config), kind, **options)


def permuted(array: np.ndarray, n_heads: int) -> np.ndarray:
    """Outputs of q or k as llama.cpp turns them, in neighbouring pairs (``LlamaModel.permute``)."""
    parts = array.reshape(n_heads, 2, array.shape[0] // n_heads // 2, *array.shape[1:])
    return parts.swapaxes(1, 2).reshape(array.shape)


def apart(width_of: Callable[[dict], tuple[int, int, int]]) -> Callable[[str, np.ndarray, dict], Tensors]:
    """Fused q, k and v that are stored group by group, as all of q, all of k, all of v.

    Args:
        width_of: a config's groups, queries in each, and a head's width.
    """

    def change(name: str, array: np.ndarray, config: dict) -> Tensors:
        if "query_key_value" in name:
            groups, queries, width = width_of(config)
            parts = array.reshape(groups, queries + 2, width, *array.shape[1:])
            q, k, v = parts[:, :-2], parts[:, -2:-1], parts[:, -1:]
            array = np.concatenate([part.reshape(-1, *array.shape[1:]) for part in (q, k, v)])
        yield name, array

    return change


def more_by_one(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Norms that multiply by 1 + weight."""
    yield name, array + 1 if re.search(r"norm\.weight$", name) else array


def without(*parts: str, then: Callable[[str, np.ndarray, dict], Tensors] = unchanged):
    """Without heads and buffers, which the converter leaves out."""

    def change(name: str, array: np.ndarray, config: dict) -> Tensors:
        if not any(part in name for part in parts):
            yield from then(name, array, config)

    return change


def short(prefix: str, then: Callable[[str, np.ndarray, dict], Tensors] = unchanged):
    """Names without what stands before them in the folder."""

    def change(name: str, array: np.ndarray, config: dict) -> Tensors:
        yield from then(name.removeprefix(prefix), array, config)

    return change


def dense(name: str, array: np.ndarray, config: dict) -> Tensors:
    """Layers without experts have the names of other architectures; the shared expert's gate is a vector."""
    plain = re.fullmatch(r"model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj\.weight", name)
    yield (name if plain is None else f"blk.{plain[1]}.ffn_{plain[2]}.weight"), array.squeeze()


def of_pairs(name: str, array: np.ndarray, config: dict) -> Tensors:
    """q and k in neighbouring pairs."""
    if re.search(r"\.q_proj\.(weight|bias)$", name):
        array = permuted(array, config["num_attention_heads"])
    if re.search(r"\.k_proj\.(weight|bias)$", name):
        array = permuted(array, config["num_key_value_heads"])
    yield name, array
