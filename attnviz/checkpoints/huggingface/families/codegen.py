"""CodeGen (Nijkamp et al. 2023): GPT-J with q, v and k in one matrix, which is cut for four machines."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import gptj
from attnviz.checkpoints.huggingface.family import Fused
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError

_MACHINES = 4


def _machines(block: Block) -> int:
    """Each machine has its share of q, then of v, then of k.

    Raises:
        CheckpointError: heads that the machines cannot share.
    """
    if block.n_heads % _MACHINES:
        raise CheckpointError(f"config.json: n_head is {block.n_heads}; expected a multiple of {_MACHINES} in CodeGen")
    return _MACHINES


FAMILY = replace(
    gptj.FAMILY,
    name="CodeGen",
    paper="Nijkamp et al. 2023",
    example="Salesforce/codegen-350M-mono",
    fused=(
        Fused(
            "h.{}.attn.qkv_proj",
            ("layers.{}.attn.q", "layers.{}.attn.v", "layers.{}.attn.k"),
            groups=_machines,
        ),
    ),
    unused=(*gptj.FAMILY.unused, "h.*.attn.causal_mask"),
    classes="CodeGen",
)
