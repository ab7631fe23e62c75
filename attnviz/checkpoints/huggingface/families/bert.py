"""BERT (Devlin et al. 2019)."""

from attnviz.checkpoints.huggingface.family import Family, Vocabulary
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    is_causal,
    number_from,
    size_from,
    switch_from,
)


def _mask(settings: Settings) -> str:
    """An encoder sees everything; ``is_decoder`` makes a decoder of it, which ``is_causal`` false undoes."""
    decoder, causal = switch_from("is_decoder", default=False)(settings), is_causal(settings)
    return "causal" if decoder and causal else "none"


FIELDS = {
    "n_layers": size_from("num_hidden_layers"),
    "n_heads": size_from("num_attention_heads"),
    "d_model": size_from("hidden_size"),
    "d_ff": size_from("intermediate_size"),
    "n_vocab": size_from("vocab_size"),
    "n_ctx": size_from("max_position_embeddings"),
    "n_segments": size_from("type_vocab_size", 2),
    "embed_norm": True,
    "position": "learned",
    "norm_eps": number_from("layer_norm_eps", 1e-12),
    "activation": activation_from("hidden_act", "gelu"),
    "mask": _mask,
}

MODULES = {
    "embed.tokens": "embeddings.word_embeddings",
    "embed.positions": "embeddings.position_embeddings",
    "embed.segments": "embeddings.token_type_embeddings",
    "embed.norm": "embeddings.LayerNorm",
    "layers.{}.attn.q": "encoder.layer.{}.attention.self.query",
    "layers.{}.attn.k": "encoder.layer.{}.attention.self.key",
    "layers.{}.attn.v": "encoder.layer.{}.attention.self.value",
    "layers.{}.attn.o": "encoder.layer.{}.attention.output.dense",
    "layers.{}.norm1": "encoder.layer.{}.attention.output.LayerNorm",
    "layers.{}.ffn.1": "encoder.layer.{}.intermediate.dense",
    "layers.{}.ffn.2": "encoder.layer.{}.output.dense",
    "layers.{}.norm2": "encoder.layer.{}.output.LayerNorm",
}

HEADS = (
    "pooler.*",
    "cls.*",
    "classifier.*",
    "qa_outputs.*",
    "dropout.*",
    "embeddings.position_ids",
    "embeddings.token_type_ids",
)

REQUIRED = {"position_embedding_type": ("absolute",), "add_cross_attention": (False,)}

POOLER_SETTINGS = (
    "directionality",
    "pooler_fc_size",
    "pooler_num_attention_heads",
    "pooler_num_fc_layers",
    "pooler_size_per_head",
    "pooler_type",
)

SPECIALS = {"cls": "[CLS]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]", "mask": "[MASK]"}

VOCABULARY = Vocabulary("wordpiece", "cls $A sep", "cls $A sep $B:1 sep:1", SPECIALS)

FAMILY = Family(
    name="BERT",
    paper="Devlin et al. 2019",
    example="google-bert/bert-base-uncased",
    fields=FIELDS,
    modules=MODULES,
    prefixes=("bert.",),
    unused=HEADS,
    required=REQUIRED,
    irrelevant=POOLER_SETTINGS,
    classes="Bert",
    vocabulary=VOCABULARY,
)
