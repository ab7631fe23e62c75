"""Makes the golden folders beside it: tiny random checkpoints of every family, and what transformers makes of them.

    python tests/checkpoints/golden/make.py                  every folder
    python tests/checkpoints/golden/make.py bert gpt2        these
    python tests/checkpoints/golden/make.py --minilm FOLDER  minilm.npz, of the all-MiniLM-L6-v2 checkpoint in FOLDER
    python tests/checkpoints/golden/make.py --tiny           tiny.npz, of the model in the package

Made with torch 2.13.0 (CPU), transformers 5.23.0, tokenizers 0.23.3, safetensors 0.8.0, numpy 2.4.6; the same bytes at
every run. The tests need none of torch and transformers. The recipes are in recipes_*.py, joined in recipes.py, the
tokenizers in vocabularies.py. The settings of the families, with their defaults, go to settings.json (see settings.py).

Each folder holds config.json, model.safetensors and the tokenizer as ``save_pretrained`` writes them, and
``golden.npz``: ``texts`` (t0, t1 and the two of the pair); ``t0_ids``, ``t1_ids`` (n); ``t0_attention``,
``t1_attention`` (n_layers, n_heads, n, n), float32; for encoders ``pair_ids``, ``pair_type_ids`` (n; what the model was
given: all 0 for models without segments) and ``pair_attention``; for families that count positions without padding
``pad_text``, ``pad_ids`` and ``pad_attention``, of a text that has the padding token in it, and ``filled_ids`` and
``filled_attention``, of the same text filled up and the filling masked; for encoder-decoders ``targets``, perhaps
``languages`` (of texts and targets), ``t0_target_ids`` (what the decoder was fed), ``t0_decoder_attention`` and
``t0_cross_attention``. The ids are AutoTokenizer's, the attention is
that of the folder loaded again as a float32 model, eager. Every weight is exact in float32, float16 and bfloat16, so
that a file of another type gives the same attention.
"""

import argparse
import json
import math
import shutil
from pathlib import Path

import numpy as np
import recipes_first
import settings
import torch
import transformers
from recipe import DEFAULT_SHARP, EAGER
from recipes import RECIPES
from tokenizers import Tokenizer
from torch import nn

HERE = Path(__file__).parent
TINY = HERE.parents[2] / "attnviz" / "bundled" / "tiny"
T0 = "The dog read unbelievable letters."
T1 = "Größe, café λ 日本 🙂"
PAIR = ("A slow river.", "Das Tier 🙂")
PAD_TEXT, FILLED = "The <pad> dog <pad><pad> read.", 17
MINILM_TEXTS = (
    "The animal was too tired.",
    'In 1844: "$30.5!"',
    "Das Café in 東京 ist groß 🙂",
    "Although the committee had postponed its decision twice, the stubborn chairwoman insisted that everybody read the "
    "whole unabridged report again.",
)
MINILM_PAIR = ("Who waded?", "Tourists, unhurriedly.")
FOLDER_LIMIT, NEW_LIMIT, MINILM_LIMIT = 100_000, 40_000, 400_000
TOKENIZER_LIMIT, ALL_LIMIT = 25_000, 6_000_000
SHARPENED = (
    "in_proj",
    "pos_proj",
    "pos_q_proj",
    "q_lin",
    "k_lin",
    "q_proj",
    "k_proj",
    "query",
    "key",
    "attn.q",
    "attn.k",
    "c_attn",
    "Wqkv",
    "Attention.q",
    "Attention.k",
)
QUIETENED = ("attention.output.dense", "attention.dense", "attn.o.", "out_lin")  # else tokens become alike in post-norm
SCORES_ALONE = transformers.SqueezeBertPreTrainedModel  # its attentions are scores before the softmax
torch.set_num_threads(1)
transformers.logging.disable_progress_bar()


def exact(values):
    """Rounded so that float32, float16 and bfloat16 all hold every value; the smallest become 0."""
    values = values.half().float()
    values = torch.where(values.abs() < 1e-3, 0, values).bfloat16().float()
    assert torch.equal(values, values.half().float())
    return values


def drawn(module, name, parameter, sharp, generator):
    """Random values for one parameter: gains around what changes nothing, biases and embeddings far from 0."""
    values = torch.randn(parameter.shape, generator=generator)
    if name.endswith("bias") and parameter.ndim == 1:
        return 0.3 * values
    if parameter.ndim == 1 or "q_norm" in name or "k_norm" in name:
        plus_one = type(module).__name__.startswith(("Gemma", "NemotronLayerNorm1P"))  # these multiply by 1 + weight
        if "q_norm" in name:  # a norm undoes what sharpens q
            return (0.25 * values + 1) * (sharp / DEFAULT_SHARP) - int(plus_one)
        return 0.25 * values + (0 if plus_one else 1)
    if isinstance(module, nn.Embedding):
        return 0.8 * values
    n_in = parameter.shape[0 if isinstance(module, transformers.pytorch_utils.Conv1D) else 1]
    scale = sharp if any(part in name for part in SHARPENED) else 0.5 if any(part in name for part in QUIETENED) else 1
    return scale * values / math.sqrt(n_in)


@torch.no_grad()
def randomised(recipe):
    """The recipe's model with its random weights."""
    model, generator = recipe.new_model().eval(), torch.Generator().manual_seed(recipe.seed)
    for name, parameter in model.named_parameters():
        module = model.get_submodule(name.rpartition(".")[0])
        if not parameter.requires_grad or "Sinusoidal" in type(module).__name__:
            continue
        parameter.copy_(exact(drawn(module, name, parameter, recipe.sharp, generator)))
    for name, buffer in model.named_buffers():
        if name == "final_logits_bias":
            buffer.copy_(exact(torch.randn(buffer.shape, generator=generator)))
    return model


def save(recipe, folder):
    """The folder without its golden file, as save_pretrained writes it; no generation_config.json."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    randomised(recipe).to(getattr(torch, recipe.dtype)).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    recipe.tokenizer().save_pretrained(folder)


@torch.no_grad()
def attention(model, ids, type_ids=None, **more):
    """Attention weights (n_layers, n_heads, n, n), eager."""
    more |= {} if type_ids is None else {"token_type_ids": [type_ids]}
    more = {name: torch.tensor(values) for name, values in more.items()}
    if model.config.is_encoder_decoder:
        more |= {"decoder_input_ids": torch.tensor([ids])}
    outputs = model(input_ids=torch.tensor([ids]), output_attentions=True, **more)
    weights = outputs.encoder_attentions if model.config.is_encoder_decoder else outputs.attentions
    banded = model.config.model_type == "longformer"
    weights = torch.cat([dense(one) if banded else one for one in weights])
    return (weights.softmax(-1) if isinstance(model, SCORES_ALONE) else weights).numpy()


@torch.no_grad()
def target_results(model, tokenizer, ids, target):
    """What the decoder is fed for a target, and its attention, causal and to the source."""
    labels, fed = tokenizer(text_target=target)["input_ids"], []

    def record(module, positional, named):
        fed.append(named["input_ids"])

    hook = model.get_decoder().register_forward_pre_hook(record, with_kwargs=True)
    outputs = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels]), output_attentions=True)
    hook.remove()
    return {
        "target_ids": fed[0][0].numpy(),
        "decoder_attention": torch.cat(outputs.decoder_attentions).numpy(),
        "cross_attention": torch.cat(outputs.cross_attentions).numpy(),
    }


def dense(banded):
    """Weights by key, (1, n_heads, n, n), of those by offset, (1, n_heads, n, window + 1), as Longformer gives them."""
    n, width = banded.shape[2:]
    by_key = torch.zeros(*banded.shape[:2], n, n + width)
    for i in range(n):
        by_key[:, :, i, i : i + width] = banded[:, :, i]
    side = width // 2
    assert by_key[..., :side].abs().max() == by_key[..., n + side :].abs().max() == 0
    return by_key[..., side : n + side]


def padded_results(model, tokenizer):
    """The arrays of a text with padding tokens in it, and of the same one filled up."""
    ids, filled = tokenizer(PAD_TEXT)["input_ids"], tokenizer(PAD_TEXT, padding="max_length", max_length=FILLED)
    assert ids.count(tokenizer.pad_token_id) == 3
    assert len(ids) < FILLED
    weights = attention(model, ids)
    placed = attention(model, ids, position_ids=[list(range(2, len(ids) + 2))])
    assert np.abs(weights - placed).max() > 0.3, "no mistake in counting would show"
    return {
        "pad_text": np.array(PAD_TEXT), "pad_ids": np.array(ids), "pad_attention": weights,
        "filled_ids": np.array(filled["input_ids"]),
        "filled_attention": attention(model, filled["input_ids"], attention_mask=[filled["attention_mask"]]),
    }  # fmt: skip


def results(model, tokenizer, texts, pair, targets=None):
    """The arrays of a golden file."""
    arrays = {"texts": np.array([*texts, *(pair or ())])}
    if targets:
        arrays["targets"] = np.array(targets)
    for number, text in enumerate(texts):
        ids = tokenizer(text)["input_ids"]
        arrays |= {f"t{number}_ids": np.array(ids), f"t{number}_attention": attention(model, ids)}
    for number, target in enumerate(targets or ()):
        fed = target_results(model, tokenizer, arrays[f"t{number}_ids"].tolist(), target)
        arrays |= {f"t{number}_{name}": values for name, values in fed.items()}
    if pair:
        encoded = tokenizer(*pair, return_token_type_ids=True)
        segmented = getattr(model.config, "type_vocab_size", 0) > 1
        type_ids = encoded["token_type_ids"] if segmented else [0] * len(encoded["input_ids"])
        assert not segmented or set(type_ids) == {0, 1}
        arrays |= {"pair_ids": np.array(encoded["input_ids"]), "pair_type_ids": np.array(type_ids)}
        arrays["pair_attention"] = attention(model, encoded["input_ids"], type_ids if segmented else None)
    return arrays


def check_telling(name, arrays):
    """Attention that would show a mistake: no head near uniform, most rows not one-hot, and every row sums to 1."""
    for key, weights in arrays.items():
        if key.endswith("_attention"):
            peak, one_hot = weights.max(-1).mean(-1), (weights.max(-1) > 0.98).mean(-1)
            assert peak.min() > 0.35, f"{name} {key}: {peak.round(2).tolist()}"
            assert peak.max() < 0.97, f"{name} {key}: {peak.round(2).tolist()}"
            assert one_hot.max() < 0.5, f"{name} {key}: {one_hot.round(2).tolist()}"
            sums = weights.sum(-1)
            assert np.abs(sums - 1).max() < 1e-5 if RECIPES[name].whole_rows else 0.1 < sums.min() < 0.9


def rounding(model, arrays):
    """How far float32 is from float64 in this model's attention: what no comparison can be better than."""
    if model.config.model_type == "xglm":  # its class has no float64
        return math.nan
    double = model.double()
    texts = [(arrays[f"t{number}_ids"], arrays[f"t{number}_attention"]) for number in (0, 1)]
    return max(np.abs(attention(double, ids.tolist()) - weights).max() for ids, weights in texts)


def check_tokenizer(folder, arrays):
    """The file tokenizer.json alone gives AutoTokenizer's ids, where the class writes one."""
    file = folder / "tokenizer.json"
    for number, text in enumerate(arrays["texts"][:2]):
        ids = arrays[f"t{number}_ids"]
        assert not file.exists() or Tokenizer.from_file(str(file)).encode(str(text)).ids == ids.tolist()
        assert 10 <= len(ids) <= 20, f"{folder.name} t{number}: {len(ids)} tokens"


def make(name):
    """One golden folder; its size in bytes."""
    recipe, folder = RECIPES[name], HERE / name
    save(recipe, folder)
    model_class = getattr(transformers, recipe.model)
    model = model_class.from_pretrained(folder, dtype=torch.float32, **EAGER).eval()
    for key, values in randomised(recipe).named_parameters():
        assert torch.equal(values, model.state_dict()[key]), f"{name}: {key} did not come back"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if recipe.languages:
        tokenizer.src_lang, tokenizer.tgt_lang = recipe.languages
    assert len(tokenizer) <= model.config.get_text_config().vocab_size
    arrays = results(model, tokenizer, recipe.texts or (T0, T1), PAIR if recipe.pair else None, recipe.targets)
    if recipe.languages:
        arrays["languages"] = np.array(recipe.languages)
    check_telling(name, arrays)
    if recipe.counts_positions:
        arrays |= padded_results(model, tokenizer)
    check_tokenizer(folder, arrays)
    if recipe.own_config:
        values = json.loads((folder / "config.json").read_text()) | recipe.own_config
        values = {key: value for key, value in values.items() if key != "rope_parameters"}
        (folder / "config.json").write_text(json.dumps(values, indent=2) + "\n")
    np.savez_compressed(folder / "golden.npz", **arrays)
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size < (FOLDER_LIMIT if name in recipes_first.RECIPES else NEW_LIMIT), f"{name}: {size} bytes"
    assert all(file.stat().st_size < TOKENIZER_LIMIT for file in folder.glob("tokenizer.json"))
    layers, heads, n, _ = arrays["t1_attention"].shape
    shape = f"{layers} layers, {heads} heads, {len(arrays['t0_ids'])} and {n} tokens"
    print(f"{name:16} {recipe.model:34} {recipe.dtype:9} {size:6} bytes; {shape}; {rounding(model, arrays):.0e}")
    return size


def make_trained(name, folder):
    """minilm.npz or tiny.npz, of a trained checkpoint."""
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    arrays = results(model, tokenizer, MINILM_TEXTS, MINILM_PAIR)
    np.savez_compressed(HERE / f"{name}.npz", **arrays)
    size = (HERE / f"{name}.npz").stat().st_size
    print(name, [len(arrays[key]) for key in arrays if key.endswith("_ids")], size, "bytes")
    assert size < MINILM_LIMIT


def main():
    parser = argparse.ArgumentParser(description="Makes the golden folders beside it.")
    parser.add_argument("names", nargs="*", help="folders to make; all by default")
    parser.add_argument("--minilm", type=Path, help="folder of the all-MiniLM-L6-v2 checkpoint: make minilm.npz only")
    parser.add_argument("--tiny", action="store_true", help="make tiny.npz only")
    options = parser.parse_args()
    if options.minilm or options.tiny:
        make_trained("minilm" if options.minilm else "tiny", options.minilm or TINY)
        return
    names = options.names or list(RECIPES)
    total = sum(make(name) for name in names)
    print(total, "bytes together")
    own = [name for name in names if not name.startswith("wrapped/")]  # the others have the family of their text_config
    settings.write({json.loads((HERE / name / "config.json").read_text())["model_type"] for name in own})
    assert total < ALL_LIMIT


if __name__ == "__main__":
    main()
