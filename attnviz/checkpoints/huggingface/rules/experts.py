"""Mixtures of experts, as the settings of several families describe them."""

import json

from attnviz.checkpoints.huggingface.settings import Settings, switch_from
from attnviz.errors import CheckpointError
from attnviz.numbers import spans

_MOST_LAYERS = 2**14  # as many as a config may have


def experts(settings: Settings, count: str = "num_experts") -> dict[str, object]:
    """The experts of layers that are not among ``mlp_only_layers``, each ``decoder_sparse_step``-th one.

    Args:
        settings: the model's.
        count: the setting that says how many experts there are.
    """
    dense, step = _layers(settings, "mlp_only_layers"), settings.number("decoder_sparse_step", 1, least=1)
    n_layers, n_experts = settings.number("num_hidden_layers", least=1), settings.number(count)
    per_token = settings.number("num_experts_per_tok", least=1)
    norm = switch_from("norm_topk_prob", default=False)(settings)
    layers = tuple(i for i in range(min(n_layers, _MOST_LAYERS)) if i not in dense and (i + 1) % step == 0)
    if not (layers and n_experts):
        return {"n_experts": 0}
    return {
        "n_experts": n_experts,
        "experts_per_token": per_token,
        "expert_layers": spans(layers),
        "router_norm": norm,
    }


def _layers(settings: Settings, name: str) -> list[int]:
    """A list of layers' numbers; none where it is missing.

    Raises:
        CheckpointError: something else.
    """
    values = settings.get(name, [])
    if not isinstance(values, list) or any(isinstance(one, bool) or not isinstance(one, int) for one in values):
        raise CheckpointError(
            f"{settings.where}: {name} is {json.dumps(values)[:40]}; expected a list of layers' numbers"
        )
    return values
