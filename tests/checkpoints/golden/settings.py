"""Writes settings.json beside it: the names and defaults of the configuration classes of one release of transformers.

    python tests/checkpoints/golden/settings.py

Run once in an environment of each release (4.57.6 and 5.23.0 were used); the file keeps the other releases. ``all`` has
what every family has with the same default.
"""

import json
from pathlib import Path

import transformers

FILE = Path(__file__).parent / "settings.json"
TYPES = ["albert", "bert", "camembert", "distilbert", "electra", "gemma", "gpt2", "gpt_neox", "llama", "mistral"]
TYPES += ["modernbert", "mpnet", "opt", "qwen2", "qwen3", "roberta", "xlm-roberta"]


def defaults(model_type):
    """Names and defaults, as they would be written to a config.json."""
    values = transformers.CONFIG_MAPPING[model_type]().to_dict()
    aliases = transformers.CONFIG_MAPPING[model_type].attribute_map
    own = {name: value for name, value in values.items() if name != "transformers_version"}
    return own | {alias: values[name] for alias, name in aliases.items() if name in values}


def main():
    table = json.loads(FILE.read_text()) if FILE.exists() else {}
    release = {model_type: defaults(model_type) for model_type in TYPES}
    shared = set.intersection(*(set(values) for values in release.values()))
    same = {name for name in shared if len({repr(values[name]) for values in release.values()}) == 1}
    families = {t: {n: v for n, v in sorted(values.items()) if n not in same} for t, values in release.items()}
    table[transformers.__version__] = {"all": {n: release[TYPES[0]][n] for n in sorted(same)}} | families
    FILE.write_text(json.dumps(dict(sorted(table.items())), indent=0, separators=(",", ":"), default=str) + "\n")


if __name__ == "__main__":
    main()
