"""Makes older.json: what transformers makes of folders that have vocabulary files instead of a tokenizer.json.

    python -m tests.checkpoints.golden.make_older        in the repository's root

Made with transformers 5.23.0, tokenizers 0.23.3. For each folder: the settings beside the vocabulary files, and of each
text the ids, the pieces and the offsets. RoBERTa's mask token is an object in the settings, because transformers 5
forgets what 4 knew, that it takes the space before it; 4.57 gives the same with and without the object.
"""

import json
import shutil
import tempfile
from pathlib import Path

import transformers

from tests.checkpoints.folders import write_older_files

HERE = Path(__file__).parent
STRIPPED = {"content": "<mask>", "lstrip": True, "__type": "AddedToken", "special": True, "normalized": False}
SETTINGS = {
    "bert": {},
    "distilbert": {"do_lower_case": False},
    "electra": {},
    "mpnet": {},
    "roberta": {"mask_token": STRIPPED},
    "gpt2": {},
    "opt": {"add_bos_token": True, "bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"},
}
MASKS = {"mpnet": "<mask>", "roberta": "<mask>", "gpt2": "<|endoftext|>", "opt": "<pad>"}
MORE = [("roberta", {"trim_offsets": False}), ("roberta", {"add_prefix_space": True}), ("gpt2", {"trim_offsets": True})]
TEXTS = ("the {0} dog  is  caf\u00e9", " {0}{0} \u65e5 dog")


def case(name, settings):
    """What one folder gives."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / name
        shutil.copytree(HERE / name, folder, ignore=shutil.ignore_patterns("*.npz", "*.safetensors"))
        write_older_files(folder)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        found = []
        for template in TEXTS:
            text = template.format(MASKS.get(name, "[MASK]"))
            encoded = tokenizer(text, return_offsets_mapping=True)
            pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
            found.append([text, encoded["input_ids"], pieces, encoded["offset_mapping"]])
        return {"folder": name, "settings": settings, "texts": found}


def main():
    cases = [case(name, settings) for name, settings in SETTINGS.items()]
    cases += [case(name, SETTINGS[name] | settings) for name, settings in MORE]
    lines = ",\n".join(json.dumps(found) for found in cases)
    (HERE / "older.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
