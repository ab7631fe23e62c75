"""Llama and what is made like it."""

from attnviz.checkpoints.gguf.architecture import Architecture
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs

# llama.cpp turns neighbouring numbers of a head: its q and k have other places than those of the published files.
Q_AND_K = turned_pairs("layers.{}.attn.q", "layers.{}.attn.k")

LLAMA = Architecture("llama", orders=Q_AND_K)

ARCHITECTURES = {"llama": LLAMA}
