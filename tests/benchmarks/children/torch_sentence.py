"""One sentence to JSON with transformers and PyTorch: ``torch_sentence.py MODEL TEXT``, in their interpreter.

MODEL is a folder, or a GGUF file.
"""

import json
import os
import sys

import torch
import transformers

folder, file = os.path.split(sys.argv[1])
where = (folder, file) if file.endswith(".gguf") else (sys.argv[1], None)
origin = {"pretrained_model_name_or_path": where[0], "gguf_file": where[1]}
tokenizer = transformers.AutoTokenizer.from_pretrained(**origin)
model = transformers.AutoModel.from_pretrained(**origin, attn_implementation="eager", dtype=torch.float32).eval()
with torch.inference_mode():
    encoded = tokenizer(sys.argv[2], return_tensors="pt")
    attention = torch.stack(model(**encoded, output_attentions=True).attentions)[:, 0]
tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
json.dump({"tokens": tokens, "attention": attention.tolist()}, sys.stdout)
