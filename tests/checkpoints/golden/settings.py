"""Writes settings.json beside it: the names and defaults of the configuration classes of some releases of transformers.

    python tests/checkpoints/golden/settings.py                 every family that the file has
    python tests/checkpoints/golden/settings.py bert gpt2       these

It writes the release of the environment (4.57.6 and 5.23.0 were used) and keeps the others. ``make.py`` writes the
settings of the families that it makes. A family need not be in every release. ``all`` has what every family of a
release has with the same default.
"""

import json
import sys
from pathlib import Path

import transformers

FILE = Path(__file__).parent / "settings.json"


# Of models whose code is not transformers': the arguments of their configuration class and their defaults.
OWN_CODE = {
    "new": {  # Alibaba-NLP/new-impl, configuration.py
        "vocab_size": 30528, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 2048, "type_vocab_size": 1,
        "initializer_range": 0.02, "layer_norm_type": "layer_norm", "layer_norm_eps": 1e-12,
        "position_embedding_type": "rope", "rope_theta": 10000.0, "rope_scaling": None, "classifier_dropout": None,
        "pack_qkv": True, "unpad_inputs": False, "use_memory_efficient_attention": False,
        "logn_attention_scale": False, "logn_attention_clip1": False,
    },
}  # fmt: skip


def defaults(model_type):
    """Names and defaults, as they would be written to a config.json."""
    if model_type in OWN_CODE:
        return transformers.PreTrainedConfig().to_dict() | OWN_CODE[model_type] | {"model_type": model_type}
    values = transformers.CONFIG_MAPPING[model_type]().to_dict()
    aliases = transformers.CONFIG_MAPPING[model_type].attribute_map
    own = {name: value for name, value in values.items() if name != "transformers_version"}
    own |= {alias: values[name] for alias, name in aliases.items() if name in values}
    return json.loads(json.dumps(own, default=str))


def spread(release):
    """Each family's settings, with those of ``all``."""
    return {model_type: release["all"] | values for model_type, values in release.items() if model_type != "all"}


def gathered(families):
    """The settings of the families, those with the same default in all of them once, under ``all``."""
    first, *others = families.values()
    same = {name for name in first if all(repr(values.get(name, ...)) == repr(first[name]) for values in others)}
    own = {t: {n: v for n, v in sorted(values.items()) if n not in same} for t, values in sorted(families.items())}
    return {"all": {name: first[name] for name in sorted(same)}} | own


def write(model_types):
    """Writes the settings of these families, of this release of transformers."""
    table = json.loads(FILE.read_text()) if FILE.exists() else {}
    families = spread(table.get(transformers.__version__, {}))
    table[transformers.__version__] = gathered(families | {name: defaults(name) for name in model_types})
    FILE.write_text(json.dumps(dict(sorted(table.items())), indent=0, separators=(",", ":")) + "\n")


def recorded():
    """The families that the file has in some release."""
    table = json.loads(FILE.read_text())
    return sorted({model_type for release in table.values() for model_type in spread(release)})


if __name__ == "__main__":
    write(sys.argv[1:] or recorded())
