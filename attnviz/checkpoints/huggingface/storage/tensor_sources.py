"""Where each tensor of the block is in a family's file, and what has to be done to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.checkpoints.file_params import TensorSource
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.shapes import Shape


@dataclass(frozen=True)
class _Native:
    """A native tensor's name, taken apart: ``layers.3.attn.wq``.

    Attributes:
        name: with ``{}`` for the numbers of its layer and of its expert (``layers.{}.attn.wq``).
        module: the module's (``layers.{}.attn.q``).
        kind: what it is of its module: ``matrix``, ``bias``, ``gain`` or ``table``.
        numbers: of its layer and of its expert.
    """

    name: str
    module: str
    kind: str
    numbers: tuple[str, ...]


def tensor_sources(
    family: Family, shapes: Mapping[str, Shape], config: Block, settings: Settings
) -> dict[str, TensorSource]:
    """The place of each native tensor, under the file's names without prefix.

    Args:
        family: whose file it is.
        shapes: the native tensors' shapes.
        config: the block's fields.
        settings: of ``config.json``.
    """
    rule = family.first_position
    first = rule(settings) if callable(rule) else rule
    first = max(first - (config.position.pad_id is not None), 0)
    modules = family.modules | dict(family.more_modules(settings))
    factors, convolutions = family.factors(settings), family.convolutions(settings)

    def source(native: _Native) -> TensorSource:
        if native.name in (*family.zero, *family.computed):
            return TensorSource(None, computed=family.computed.get(native.name))
        fused = next((fused for fused in family.fused if native.module in fused.holds), None)
        numbers = (family.layer(settings, int(native.numbers[0])), *native.numbers[1:]) if native.numbers else ()
        # A module that the family does not name is looked for under its own name, and reported as missing.
        stored = modules.get(native.module, native.module) if fused is None else fused.module
        start, end, group, groups = (0, 0, 0, 1) if fused is None else _part(fused, native, shapes, config)
        matrix = native.kind == "matrix"
        return TensorSource(
            family.tensors.get(native.name, f"{stored}.{'bias' if native.kind == 'bias' else 'weight'}").format(
                *numbers
            ),
            family.linear and matrix,
            part=None if fused is None else (start, end),
            group=group,
            groups=groups,
            order=family.orders[native.module](config) if native.module in family.orders else (),
            blocks=convolutions.get(native.module, 0) if matrix else 0,
            folded=family.folded[native.module](config) if native.module in family.folded else 0,
            first_row=first if native.module == "embed.positions" else 0,
            plus=family.norm_plus if native.kind == "gain" else 0.0,
            times=factors.get(native.module, 1.0),
        )

    return {name: source(_native(name)) for name in shapes}


def _part(fused: Fused, native: _Native, shapes: Mapping[str, Shape], config: Block) -> tuple[int, int, int, int]:
    """A fused tensor's part: its first output and its end among those of one group, all outputs of one, and groups."""
    groups, letter = fused.groups(config), "b" if native.kind == "bias" else "w"
    names = [re.sub(r"\.(\w+)$", rf".{letter}\1", module).format(*native.numbers) for module in fused.holds]
    widths = [shapes[name][-1] // groups for name in names]
    index = fused.holds.index(native.module)
    start = sum(widths[:index])
    return start, start + widths[index], sum(widths), groups


def _native(name: str) -> _Native:
    numbered = r"(?<=^layers\.)\d+|(?<=\.experts\.)\d+"
    module, kind = _module_of(name)
    return _Native(
        re.sub(numbered, "{}", name), re.sub(numbered, "{}", module), kind, tuple(re.findall(numbered, name))
    )


def _module_of(name: str) -> tuple[str, str]:
    """A native tensor's module and what it is of it: ``layers.0.attn.wq`` is the matrix of ``layers.0.attn.q``."""
    stem, leaf = name.rsplit(".", 1)
    if leaf in ("gain", "bias"):
        return stem, leaf
    if stem == "embed":
        return name, "table"
    kind = {"w": "matrix", "b": "bias"}[leaf[0]]
    return (f"{stem}.{leaf[1:]}" if leaf[1:] else stem), kind
