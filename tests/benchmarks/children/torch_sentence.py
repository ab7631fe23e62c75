"""One sentence to JSON with transformers and PyTorch: ``torch_sentence.py MODEL TEXT``, in their interpreter."""

import json
import sys

import torch
import transformers

tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
model = transformers.AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager", dtype=torch.float32).eval()
with torch.inference_mode():
    encoded = tokenizer(sys.argv[2], return_tensors="pt")
    attention = torch.stack(model(**encoded, output_attentions=True).attentions)[:, 0]
tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
json.dump({"tokens": tokens, "attention": attention.tolist()}, sys.stdout)
