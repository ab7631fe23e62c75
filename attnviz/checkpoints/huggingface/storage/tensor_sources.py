"""Where each tensor of the block is in a family's file, and what has to be done to it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from attnviz.checkpoints.file_params import TensorSource
from attnviz.checkpoints.huggingface.family import Family, Fused, Stacked
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.shapes import Shape
from attnviz.records import dataclass

DECODER = "decoder."  # begins the native names of an encoder-decoder's second stack
_POSITIONS = ("embed.positions", f"{DECODER}embed.positions")


@dataclass(frozen=True)
class _Native:
    """A native tensor's name, taken apart: ``layers.3.attn.wq``.

    Attributes:
        name: with ``{}`` for the numbers of its layer and of its expert (``layers.{}.attn.wq``).
        module: the module's (``layers.{}.attn.q``).
        kind: what it is of its module: ``matrix``, ``bias``, ``gain``, ``table`` or ``vector``.
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
    modules = family.modules | dict(family.more_modules(settings))
    factors, convolutions = family.factors(settings), family.convolutions(settings)

    def source(name: str) -> TensorSource:
        native = _native(name)
        if {name, native.name} & {*family.zero, *family.computed}:
            rule = family.computed.get(native.name)
            return TensorSource(None, computed=None if rule is None else partial(rule, settings))
        block = config.decoder_block if name.startswith(DECODER) else config
        numbers = (family.layer(settings, int(native.numbers[0])), *native.numbers[1:]) if native.numbers else ()
        matrix = native.kind == "matrix"
        if native.name in family.stacked:
            return _entry(family.stacked[native.name], native, shapes[name], config)
        if native.name in family.tensors:
            return TensorSource(family.tensors[native.name].format(*numbers), family.linear and matrix)
        fused = next((fused for fused in family.fused if native.module in fused.holds), None)
        # A module that the family does not name is looked for under its own name, and reported as missing.
        stored = modules.get(native.module, native.module) if fused is None else fused.module
        leaf = "bias" if native.kind == "bias" else "weight"
        first, *others = (f"{stored.format(*numbers, head=head)}.{leaf}" for head in _heads(stored, native, block))
        place = TensorSource(
            first,
            family.linear and matrix,
            order=family.orders[native.module](block) if native.module in family.orders else (),
            blocks=convolutions.get(native.module, 0) if matrix else 0,
            neighbours=config.convolution.kernel if matrix and native.module == "layers.{}.conv" else 0,
            folded=family.folded[native.module](block) if native.module in family.folded else 0,
            others=tuple(others),
            plus=family.norm_plus if native.kind == "gain" else 0.0,
            times=factors.get(native.module, 1.0),
        )
        place = place if fused is None else _part(place, fused, native, shapes, block)
        return _position_table(place, family, block, settings) if native.module in _POSITIONS else place

    added = family.added(settings)
    sources = {name: source(name) for name in shapes}
    return sources | {name: replace(sources[name], added=f"{added[name]}.weight") for name in added if name in sources}


def _position_table(place: TensorSource, family: Family, config: Block, settings: Settings) -> TensorSource:
    """The place of the position table, without the rows that no token ever has."""
    rule = family.first_position
    first = rule(settings) if callable(rule) else rule
    first = max(first - (config.position.pad_id is not None), 0)
    return replace(place, first_row=first, spare_rows=family.spare_positions(settings))


def _heads(stored: str, native: _Native, config: Block) -> range:
    """The numbers of the heads that have modules of their own; 0 alone where all share one."""
    if "{head}" not in stored:
        return range(1)
    return range(config.n_kv_heads if native.module.endswith("k_norm") else config.n_heads)


def _part(
    place: TensorSource, fused: Fused, native: _Native, shapes: Mapping[str, Shape], config: Block
) -> TensorSource:
    """The place of one part of a fused tensor, by the widths of all of them."""
    groups, letter = fused.groups(config), "b" if native.kind == "bias" else "w"
    names = [re.sub(r"\.(\w+)$", rf".{letter}\1", module).format(*native.numbers) for module in fused.holds]
    widths = [shapes[name][-1] // groups for name in names]
    index = fused.holds.index(native.module)
    start = sum(widths[:index])
    return replace(place, part=(start, start + widths[index]), group=sum(widths), groups=groups)


def _entry(stacked: Stacked, native: _Native, shape: Shape, config: Block) -> TensorSource:
    """The place of an expert's tensor among those of all experts."""
    layer, expert = native.numbers
    place = TensorSource(
        stacked.tensor.format(layer),
        stacked.linear and native.kind == "matrix",
        entry=(int(expert), config.feed_forward.n_experts),
    )
    if stacked.parts == 1:
        return place
    return replace(place, part=(stacked.part, stacked.part + 1), group=stacked.parts, groups=shape[-1])


def _native(name: str) -> _Native:
    numbered = r"(?<=^layers\.)\d+|(?<=^decoder\.layers\.)\d+|(?<=\.experts\.)\d+"
    module, kind = _module_of(name)
    return _Native(
        re.sub(numbered, "{}", name), re.sub(numbered, "{}", module), kind, tuple(re.findall(numbered, name))
    )


def _module_of(name: str) -> tuple[str, str]:
    """A native tensor's module and what it is of it: ``layers.0.attn.wq`` is the matrix of ``layers.0.attn.q``."""
    stem, leaf = name.rsplit(".", 1)
    if leaf in ("gain", "bias"):
        return stem, leaf
    if stem in ("embed", "decoder.embed") or leaf == "relative":
        return name, "table"
    if leaf == "sink":
        return name, "vector"
    kind = {"w": "matrix", "b": "bias"}[leaf[0]]
    return (f"{stem}.{leaf[1:]}" if leaf[1:] else stem), kind
