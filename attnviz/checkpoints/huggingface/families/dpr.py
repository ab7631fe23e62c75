"""DPR (Karpukhin et al. 2020): a BERT for questions, one for passages, one that reads."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert

_PLACES = ("ctx_encoder.", "question_encoder.", "span_predictor.encoder.", "")

FAMILY = replace(
    bert.FAMILY,
    name="DPR",
    paper="Karpukhin et al. 2020",
    example="facebook/dpr-question_encoder-single-nq-base",
    irrelevant=("projection_dim", *bert.POOLER_SETTINGS),
    classes="DPR(?:Context|Question)?",
    prefixes=tuple(f"{place}bert_model." for place in _PLACES),
    unused=("*encode_proj.*", "span_predictor.qa_*", *bert.HEADS),
)
