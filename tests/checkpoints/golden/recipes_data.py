"""Recipes of families that are data only. Their folders are small; copies of another family have only one layer."""

import vocabularies
from recipe import BF16, F16, ROBERTA_IDS, Recipe, bert_like

COPY = bert_like(12, 3, 1, 13, 151, 31)
TWO_LAYERS = bert_like(12, 3, 2, 13, 151, 31, layer_norm_eps=2e-3)
COUNTED = {"layer_norm_eps": 1e-3, **ROBERTA_IDS}  # positions are counted without padding

RECIPES = {
    "ernie": Recipe(
        "ErnieForMaskedLM", F16, vocabularies.bert,
        COPY | {"type_vocab_size": 4}, pair=True,
        sharp=1.7, seed=0,
    ),
    "data2vec_text": Recipe(
        "Data2VecTextForMaskedLM", F16, vocabularies.mpnet, COPY | COUNTED, counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "xlm_roberta_xl": Recipe(
        "XLMRobertaXLForMaskedLM", BF16, vocabularies.mpnet, TWO_LAYERS | COUNTED, counts_positions=True,
        seed=45,
    ),
    "roberta_prelayernorm": Recipe(
        "RobertaPreLayerNormForMaskedLM", F16, vocabularies.mpnet, TWO_LAYERS | COUNTED, counts_positions=True,
        sharp=1.7, seed=2,
    ),
    "megatron_bert": Recipe(
        "MegatronBertForMaskedLM", F16, vocabularies.bert,
        TWO_LAYERS, pair=True,
        seed=93,
    ),
    "bert_generation": Recipe(
        "BertGenerationEncoder", F16, vocabularies.bert,
        TWO_LAYERS, pair=True,
        sharp=1.7, seed=8,
    ),
    "rembert": Recipe(
        "RemBertModel", F16, vocabularies.bert,
        TWO_LAYERS | {"input_embedding_size": 11, "bos_token_id": 2, "eos_token_id": 3}, pair=True,
        sharp=1.7, seed=36,
    ),
    "ibert": Recipe(
        "IBertModel", F16, vocabularies.mpnet,
        COPY | COUNTED, counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "luke": Recipe(
        "LukeModel", F16, vocabularies.mpnet, COPY | COUNTED | {"entity_vocab_size": 5, "entity_emb_size": 7},
        counts_positions=True,
        sharp=1.7, seed=0,
    ),
    "dpr": Recipe(
        "DPRQuestionEncoder", F16, vocabularies.bert,
        COPY | {"projection_dim": 7}, pair=True,
        sharp=1.7, seed=2,
    ),
    "splinter": Recipe(
        "SplinterModel", F16, vocabularies.bert,
        COPY, pair=True,
        sharp=1.7, seed=2,
    ),
}  # fmt: skip
