"""GPT-BigCode (Ben Allal et al. 2023), SantaCoder and StarCoder: GPT-2 with one key and value for all heads."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import falcon, gpt2
from attnviz.checkpoints.huggingface.family import Fused
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, switch_from


def _kv_heads(settings: Settings) -> int:
    shared = switch_from("multi_query", default=True)(settings)
    return 1 if shared else settings.number("n_head", least=1)


FAMILY = replace(
    gpt2.FAMILY,
    name="GPT-BigCode",
    paper="Ben Allal et al. 2023",
    example="bigcode/gpt_bigcode-santacoder",
    fields=gpt2.FAMILY.fields
    | {"n_kv_heads": _kv_heads, "activation": activation_from("activation_function", "gelu_pytorch_tanh")},
    fused=(Fused("h.{}.attn.c_attn", gpt2.FAMILY.fused[0].holds, groups=falcon.n_kv_heads),),
    linear=True,
    required={"add_cross_attention": (False,)},
    irrelevant=(
        *("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "inference_runner", "max_batch_size"),
        *("validate_runner_input", "pre_allocate_kv_cache", "max_sequence_length", "pad_key_length"),
        "n_ctx",
        "num_key_value_heads",  # multi_query says it
    ),
    classes="GPTBigCode",
    vocabulary=None,
)
