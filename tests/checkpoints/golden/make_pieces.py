"""Makes the models of ``pieces/`` and pieces.json: SentencePiece vocabularies, and what transformers makes of them.

    python tests/checkpoints/golden/make_pieces.py

Made with sentencepiece 0.2.3, transformers 5.23.0, tokenizers 0.23.3. The models are learnt from the corpus of
vocabularies.py, without a table of characters, which alone has 240 KB. For each golden folder: the name of its model,
which has the published special tokens at their published ids; the settings of ``tokenizer_config.json``; and of each
text the ids of AutoTokenizer in a folder with that model and without ``tokenizer.json``. (transformers 5 gives others
than SentencePiece to a text that begins with a space, for Llama, and to all for RemBERT, whose specials it loses.)
"""

import io
import json
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import transformers
from vocabularies import CORPUS

HERE = Path(__file__).parent
PLAIN = {"normalization_rule_name": "identity", "hard_vocab_limit": False, "minloglevel": 2}
BERT = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": ["[CLS]", "[SEP]", "[MASK]"]}
DEBERTA = {
    "pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]", "bos_piece": "[CLS]",
    "eos_piece": "[SEP]", "unk_piece": "[UNK]",
}  # fmt: skip
MODELS = {
    "deberta": {"model_type": "unigram", "vocab_size": 180, **DEBERTA},
    "fairseq": {"model_type": "unigram", "vocab_size": 180},
    "bert": {"model_type": "unigram", "vocab_size": 180, **BERT},
    "t5": {"model_type": "unigram", "vocab_size": 180, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    "llama": {"model_type": "bpe", "vocab_size": 420, "byte_fallback": True, "remove_extra_whitespaces": False},
    "gemma": {
        "model_type": "bpe", "vocab_size": 420, "byte_fallback": True, "remove_extra_whitespaces": False,
        "add_dummy_prefix": False, "pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "bos_piece": "<bos>",
        "eos_piece": "<eos>", "user_defined_symbols": ["<mask>", "<start_of_turn>", "the "],
    },
}  # fmt: skip
FOLDERS = {
    "xlm-roberta": ("fairseq", "sentencepiece.bpe.model", {}),
    "camembert": ("fairseq", "sentencepiece.bpe.model", {}),
    "albert": ("bert", "spiece.model", {}),
    "deberta_v2": ("deberta", "spm.model", {}),
    "t5": ("t5", "spiece.model", {"extra_ids": 5}),
    "llama": ("llama", "tokenizer.model", {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True}),
    "gemma": ("gemma", "tokenizer.model", {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True}),
}
TEXTS = (
    "The dog read unbelievable letters.",
    "Das   Tier war müde,  1,2 und 3.",
    "Größe 日本 🙂 <mask>",
    "Le café près de la forêt",
)
PAIR = ("A slow river.", "Das Tier")


def train(name, options):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, **PLAIN, **options)
    path = HERE / "pieces" / f"{name}.model"
    path.write_bytes(out.getvalue())
    print(path.name, path.stat().st_size, "bytes")


def ids(folder, model, file, settings):
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(HERE / folder / "config.json", copy)
        shutil.copy(HERE / "pieces" / f"{model}.model", Path(copy) / file)
        (Path(copy) / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = transformers.AutoTokenizer.from_pretrained(copy)
        return {
            "texts": [tokenizer(text)["input_ids"] for text in TEXTS],
            "pair": tokenizer(*PAIR)["input_ids"],
        }


def main():
    (HERE / "pieces").mkdir(exist_ok=True)
    for name, options in MODELS.items():
        train(name, options)
    folders = {
        folder: {"model": model, "file": file, "settings": settings, **ids(folder, model, file, settings)}
        for folder, (model, file, settings) in FOLDERS.items()
    }
    document = {"texts": TEXTS, "pair": PAIR, "folders": folders}
    (HERE / "pieces.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
