"""Makes generated.json: what transformers writes after the texts of the golden folders, greedily.

    python tests/checkpoints/golden/make_generated.py

Made with the versions that make.py names. For each decoder ``added`` has the tensors of a language head that its folder
leaves out (see ``head_tensor`` in generated.py), ``t0`` and ``t1`` the new ids; after t1 no token comes twice
(generated.UNLIKE): random models with tied tables repeat their last token. Below ``rules`` are the ids of some folders
with settings of ``generation_config.json``. A continuation stops before a choice that is nearly a tie.
"""

import json
from itertools import takewhile
from pathlib import Path

import numpy as np
import torch
import transformers
from generated import RULED, UNLIKE, head_tensor
from recipe import EAGER
from transformers import CONFIG_MAPPING, MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, AutoModelForCausalLM

HERE = Path(__file__).parent
MOST, MARGIN = 12, 2e-3
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def writers():
    """The folders of models that can write."""
    for file in sorted([*HERE.glob("*/golden.npz"), *HERE.glob("wrapped/*/golden.npz")]):
        folder = file.parent
        if folder.name == "mistral_layer_types":  # its class cannot generate: masks follow layer_types, attention not
            continue
        if json.loads((folder / "config.json").read_text())["model_type"] not in CONFIG_MAPPING:
            continue
        config = AutoConfig.from_pretrained(folder)
        arrays = np.load(file)
        if "t0_target_ids" in arrays:
            yield folder, arrays
            continue
        is_causal = all(not np.triu(arrays[f"{t}_attention"], 1).any() for t in ("t0", "t1"))
        if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING and is_causal:
            yield folder, arrays


def loaded(folder):
    """The model with the head's missing tensors drawn, and their shapes by name."""
    named = json.loads((folder / "config.json").read_text())["architectures"][0]
    is_writer = named.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "MTModel"))
    model_class = getattr(transformers, named) if is_writer else AutoModelForCausalLM
    model, info = model_class.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, **EAGER)
    added = {}
    state = dict(model.named_parameters())
    for name in sorted(info["missing_keys"]):
        added[name] = list(state[name].shape)
        with torch.no_grad():
            state[name].copy_(torch.from_numpy(head_tensor(name, state[name].shape)))
    return model.eval(), added


@torch.no_grad()
def written(model, ids, **settings):
    """The new ids, up to a choice that is nearly a tie."""
    inputs = torch.tensor([ids.tolist()])
    is_target = model.config.is_encoder_decoder
    room = getattr(model.config.get_text_config(), "max_position_embeddings", 10**6)
    most = MOST if is_target else min(MOST, room - len(ids))
    outputs = model.generate(
        inputs, attention_mask=torch.ones_like(inputs), do_sample=False, max_new_tokens=most,
        return_dict_in_generate=True, output_scores=True, use_cache=not is_target, **settings,
    )  # fmt: skip
    new = outputs.sequences[0, 1 if is_target else len(ids) :].tolist()
    for i, scores in enumerate(outputs.scores):
        first, second = scores[0].topk(2).values.tolist()
        if first - second < MARGIN:
            new = new[:i]
            break
    assert new, model.config.model_type
    return new


def spoken(folder, arrays):
    """What the decoder is told of the target's language: the token that it begins with, or that comes first."""
    file = folder / "tokenizer_config.json"
    if not (file.exists() and json.loads(file.read_text()).get("tgt_lang")):
        return {}
    both = zip(arrays["t0_target_ids"].tolist(), arrays["t1_target_ids"].tolist(), strict=False)
    names = ("decoder_start_token_id", "forced_bos_token_id")
    return dict(zip(names, (one for one, _ in takewhile(lambda pair: pair[0] == pair[1], both)), strict=False))


def main():
    """Writes the file."""
    document = {"folders": {}, "rules": {}}
    for folder, arrays in writers():
        name = str(folder.relative_to(HERE))
        model, added = loaded(folder)
        if any("layers" in tensor for tensor in added):  # saved under names that this class does not read
            continue
        first = spoken(folder, arrays)
        texts = {
            "t0": written(model, arrays["t0_ids"], **first),
            "t1": written(model, arrays["t1_ids"], **UNLIKE, **first),
        }
        document["folders"][name] = {"added": added, **texts}
        print(name, added, texts)
        if name in RULED:
            ruled = [{"settings": one, "t0": written(model, arrays["t0_ids"], **one)} for one in RULED[name]]
            document["rules"][name] = ruled
            plain = texts["t0"]
            for one in ruled:
                print("   ", one)
                assert one["t0"] != plain, "the rule did nothing"
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(one)}" for name, one in document["folders"].items())
    ruled = ",\n".join(f" {json.dumps(name)}: {json.dumps(one)}" for name, one in document["rules"].items())
    text = f'{{"folders": {{\n{lines}\n}},\n"rules": {{\n{ruled}\n}}}}\n'
    json.loads(text)
    (HERE / "generated.json").write_text(text)


if __name__ == "__main__":
    main()
