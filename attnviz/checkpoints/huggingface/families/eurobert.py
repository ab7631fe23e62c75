"""EuroBERT (Boizard et al. 2025): Llama in which every token sees every token."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.settings import number_from

FAMILY = replace(
    llama.FAMILY,
    name="EuroBERT",
    paper="Boizard et al. 2025",
    example="EuroBERT/EuroBERT-210m",
    kind="encoder",
    fields=llama.FAMILY.fields | {"mask": "none", "norm_eps": number_from("rms_norm_eps", 1e-5)},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    irrelevant=("clf_pooling", *llama.FAMILY.irrelevant),
    classes="EuroBert",
    unused=("dense.*", "classifier.*", *llama.FAMILY.unused),
)
