"""The window of layers that see only near keys."""

from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError


def window_of(settings: Settings, layers: str | None, *, used: bool = True) -> int | None:
    """``sliding_window``, where some layers have one; None where none has.

    Args:
        settings: the model's.
        layers: the layers with a window, as ``layer_types`` gives them.
        used: whether the settings say that there are windows at all.

    Raises:
        CheckpointError: layers with a window, and no window.
    """
    if layers is None:
        settings.get("sliding_window")
        return None
    if not used or not settings.get("sliding_window"):
        raise CheckpointError(
            f"{settings.where}: layer_types names layers with a window, and sliding_window names none; "
            "expected both or none"
        )
    return settings.number("sliding_window", least=1)
