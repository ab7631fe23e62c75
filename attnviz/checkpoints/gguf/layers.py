"""Which layers of a GGUF file's model see a window, and which have experts: by its keys and its tensors."""

from collections.abc import Callable

from attnviz.checkpoints.gguf.architecture import Facts
from attnviz.errors import CheckpointError

_MOST_LAYERS = 2**14


def window_layers(facts: Facts, is_windowed: Callable[[int, int], bool], every: int) -> dict[str, object]:
    """``sliding_window`` and ``layer_types``, as families read them; none where no key has a window.

    Args:
        facts: of the file.
        is_windowed: whether a layer has the window where every so-many-th layer sees all, by both numbers.
        every: that number, where no key says it.

    Raises:
        CheckpointError: a pattern that is neither a number nor one truth value for each layer.
    """
    keys = facts.keys
    n_layers = _n_layers(facts)
    window, pattern = keys.number("attention.sliding_window", 0), keys.get("attention.sliding_window_pattern", every)
    if isinstance(pattern, list) and len(pattern) == n_layers and set(pattern) <= {False, True}:
        windowed = [bool(one) for one in pattern]
    elif type(pattern) is int and 0 < pattern < 2**31:
        windowed = [is_windowed(i, pattern) for i in range(n_layers)]
    else:
        raise CheckpointError(
            f"{keys.where}: {keys.family}.attention.sliding_window_pattern is {str(pattern)[:40]}; "
            f"expected a number, or true or false for each of {n_layers} layers"
        )
    if not window:
        return {}
    kinds = ["sliding_attention" if one else "full_attention" for one in windowed]
    return {"sliding_window": window, "layer_types": kinds} if any(windowed) else {}


def fourth_sees_all(facts: Facts) -> dict[str, object]:
    """``window_layers`` where the last of every four layers sees all; without a key no layer has a window."""
    return {"sliding_window": None} | window_layers(facts, last_sees_all, 4)


def last_sees_all(i: int, every: int) -> bool:
    """Whether a layer has the window where the last of every so many sees all."""
    return (i + 1) % every != 0


def first_sees_all(i: int, every: int) -> bool:
    """Whether a layer has the window where the first of every so many sees all."""
    return i % every != 0


def dense_layers(facts: Facts) -> list[int]:
    """The layers without a router of experts."""
    return [i for i in range(_n_layers(facts)) if f"blk.{i}.ffn_gate_inp.weight" not in facts.file.shapes]


def _n_layers(facts: Facts) -> int:
    return min(facts.keys.number("block_count", least=1), _MOST_LAYERS)


def expert_width(facts: Facts) -> dict[str, object]:
    """``moe_intermediate_size``: by its key, which older files lack, or the tensors."""
    shapes = facts.file.shapes
    stored = (shape[1] for name, shape in shapes.items() if name.endswith("ffn_up_exps.weight") and len(shape) == 3)
    return {"moe_intermediate_size": facts.keys.number("expert_feed_forward_length", next(stored, 0)) or None}
