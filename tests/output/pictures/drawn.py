"""Attention of made-up numbers, and the scenes that are drawn of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attnviz.output.pictures.drawing import measure_in, own_settings
from attnviz.output.pictures.matrices.sheets import Drawn, head_scenes, overview_scene, panel_scene
from attnviz.output.pictures.scene import Raster, Scene, TextLine
from attnviz.output.pictures.style import PictureStyle
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

FONTS = ("DejaVu Sans",)
with own_settings():
    MEASURE = measure_in(FONTS)


def tokens(labels: int | Sequence[str]) -> tuple[Token, ...]:
    names = [f"t{i}" for i in range(labels)] if isinstance(labels, int) else labels
    return tuple(Token(name, name) for name in names)


def attention(matrices, **fields) -> Attention:
    matrices = np.asarray(matrices, float)
    n_layers, n_heads, n_queries, n_keys = matrices.shape
    base = Attention(
        matrices, tokens(n_queries), tokens(n_keys), tuple(range(n_layers)), tuple(range(n_heads)),
        ModelInfo("toy", "seed:0"), "encoder",
    )  # fmt: skip
    return replace(base, **fields)


def drawn(view: Attention, *, instead=None, texts=(), strides=(1, 1), sentences=None, **style) -> Drawn:
    return Drawn(view, strides, sentences, PictureStyle(**style), instead or {}, MEASURE, "", texts)


def heads(view: Attention, **more) -> list[Scene]:
    with own_settings():
        return [scene for _, scene in head_scenes(drawn(view, **more))]


def overview(view: Attention, **more) -> Scene:
    with own_settings():
        return overview_scene(drawn(view, **more))


def panels(view: Attention, **more) -> Scene:
    with own_settings():
        return panel_scene(drawn(view, **more))


def written(scene: Scene, role: str) -> list[str]:
    """The words of a role, in order."""
    return [item.text for item in (*scene.fixed, *scene.moving) if isinstance(item, TextLine) and item.role == role]


def line(scene: Scene) -> str:
    """The line under the title, in one."""
    lines = [item for item in (*scene.fixed, *scene.moving) if isinstance(item, TextLine) and item.role == "line"]
    return " ".join(item.text for item in sorted(lines, key=lambda item: item.y))


def painted(scene: Scene, height: int, width: int) -> np.ndarray:
    """The image of the first panel."""
    raster = next(item for item in scene.moving if isinstance(item, Raster))
    return raster.paint(height, width)
