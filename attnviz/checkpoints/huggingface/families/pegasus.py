"""Pegasus (Zhang et al. 2020): a summariser of pre-norm blocks with the sinusoids of Marian."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bart, marian
from attnviz.checkpoints.huggingface.settings import decoder_start
from attnviz.text.pieces.layout import PieceLayout

_FIRST = ("<pad>", "</s>", "<mask_1>", "<mask_2>", *(f"<unk_{i}>" for i in range(2, 103)))

FAMILY = replace(
    marian.FAMILY,
    name="Pegasus",
    paper="Zhang et al. 2020",
    example="google/pegasus-xsum",
    fields=marian.FAMILY.fields | {"norm_placement": "pre", "decoder_start_id": decoder_start(0)},
    modules=marian.FAMILY.modules | bart.FINAL_NORMS,
    ignored=bart.old_settings(pre=True, embed_norm=False, offset=None),
    classes="Pegasus",
    pieces=PieceLayout(first=_FIRST, skipped=2, single="$A </s>", pair="$A $B </s>", specials=_FIRST),
    tokenizer_class="",
    languages=None,
)
