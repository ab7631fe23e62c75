"""A BERT with random weights on random tokens: ``torch_long.py N LAYERS HEADS D_MODEL D_FF ATTENTION``.

In PyTorch's interpreter. ATTENTION is ``eager``, which gives all attention, or ``sdpa``, which gives none. Prints JSON:
the seconds and CPU seconds of the forward pass. Memory is read by who started it.
"""

import json
import sys
import time

import torch
import transformers

n, n_layers, n_heads, d_model, d_ff = map(int, sys.argv[1:6])
kind = sys.argv[6]
config = transformers.BertConfig(
    vocab_size=4096,
    hidden_size=d_model,
    num_hidden_layers=n_layers,
    num_attention_heads=n_heads,
    intermediate_size=d_ff,
    max_position_embeddings=n,
    attn_implementation=kind,
)
torch.manual_seed(0)
model = transformers.BertModel(config, add_pooling_layer=False).eval()
ids = torch.randint(0, config.vocab_size, (1, n))
with torch.inference_mode():
    start, cpu = time.perf_counter(), time.process_time()
    attentions = model(input_ids=ids, output_attentions=kind == "eager").attentions
    spent = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
if kind == "eager" and (len(attentions) != n_layers or attentions[0].shape != (1, n_heads, n, n)):
    raise SystemExit("no attention of every head; expected it")
json.dump(spent, sys.stdout)
