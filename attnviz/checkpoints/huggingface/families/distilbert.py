"""DistilBERT (Sanh et al. 2019): half of BERT's layers, no segments."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import activation_from, size_from

FAMILY = Family(
    name="DistilBERT",
    paper="Sanh et al. 2019",
    example="distilbert/distilbert-base-uncased",
    fields={
        "n_layers": size_from("n_layers"),
        "n_heads": size_from("n_heads"),
        "d_model": size_from("dim"),
        "d_ff": size_from("hidden_dim"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("max_position_embeddings"),
        "embed_norm": True,
        "position": "learned",
        "norm_eps": 1e-12,
        "activation": activation_from("activation", "gelu"),
    },
    aliases={"num_hidden_layers": "n_layers", "num_attention_heads": "n_heads", "hidden_size": "dim"},
    modules={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions": "embeddings.position_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "layers.{}.attn.q": "transformer.layer.{}.attention.q_lin",
        "layers.{}.attn.k": "transformer.layer.{}.attention.k_lin",
        "layers.{}.attn.v": "transformer.layer.{}.attention.v_lin",
        "layers.{}.attn.o": "transformer.layer.{}.attention.out_lin",
        "layers.{}.norm1": "transformer.layer.{}.sa_layer_norm",
        "layers.{}.ffn.1": "transformer.layer.{}.ffn.lin1",
        "layers.{}.ffn.2": "transformer.layer.{}.ffn.lin2",
        "layers.{}.norm2": "transformer.layer.{}.output_layer_norm",
    },
    required=bert.REQUIRED,
    irrelevant=("sinusoidal_pos_embds",),  # says how the table was made, which the file holds
    ignored={"is_causal": (False,), "is_decoder": (False,), "layer_norm_eps": (1e-12,)},
    classes="DistilBert",
    prefixes=("distilbert.",),
    unused=("vocab_transform.*", "vocab_layer_norm.*", "vocab_projector.*", "pre_classifier.*", *bert.HEADS),
    vocabulary=bert.VOCABULARY,
)
