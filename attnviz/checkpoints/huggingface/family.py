"""A model family: data that translates the settings of ``config.json`` and the names of tensors into the block's.

The families themselves are in ``families/``, one small file for each ``model_type``. To add one:

1. Copy the file of the nearest family; ``replace(llama.FAMILY, ...)`` is enough where little differs.
2. ``fields``: a value or a rule for each field of the block; rules that read a setting are in ``settings``.
3. ``modules``: the file's name of each module of the block; ``attnviz models FOLDER`` lists tensors that are not known.
4. ``required``, ``ignored``, ``irrelevant``: every other setting, or loading prints a note of it.
5. ``head``: what makes logits of its outputs, if it writes (``--generate``).
6. A golden folder with ``tests/checkpoints/golden/make.py``: the tests then compare it with transformers.
"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checkpoints.huggingface.settings import SettingRule, Settings
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.shapes import Shape
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
    from attnviz.text.languages import LanguageTokens
    from attnviz.text.pieces.layout import PieceLayout

KINDS_OF_FAMILIES = ("encoder", "decoder", "encoder-decoder")


@dataclass(frozen=True, eq=False)
class Fused:
    """A module of the file that holds several modules of the block side by side.

    Attributes:
        module: its name.
        holds: the modules of the block, in order. Their widths may differ.
        groups: how often they follow each other: once, or for each head (GPT-NeoX), each with its share of the outputs.
    """

    module: str
    holds: tuple[str, ...]
    groups: Callable[[Block], int] = lambda block: 1  # noqa: ARG005


@dataclass(frozen=True, eq=False)
class Stacked:
    """A tensor of the file that holds those of all experts, as (experts, in, out).

    Attributes:
        tensor: its full name, with ``{}`` for the layer.
        part: of several tensors whose outputs alternate in it, which one.
        parts: how many.
        linear: whether each expert's matrix is (out, in).
    """

    tensor: str
    part: int = 0
    parts: int = 1
    linear: bool = False


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The parts of a tokenizer that older vocabulary files leave out.

    Attributes:
        kind: ``wordpiece`` or ``wholes`` (``vocab.txt``), or ``bytes`` or ``subwords`` (``vocab.json`` and
            ``merges.txt``); ``utf8`` needs no file: a token is a byte, and its id follows the special tokens.
        single: the tokens around one text, with ``$A`` for it, in the names of ``specials``.
        pair: the tokens around two texts, with the row of the segment table after each colon.
        specials: the special tokens by role, unless ``tokenizer_config.json`` says otherwise.
        mask_strips: whether the mask token takes the space before it.
        trim_offsets: whether a piece's place in the text leaves out the space that it begins with.
        n_extra: for ``utf8``, how many tokens ``<extra_id_N>`` follow, unless ``extra_ids`` says otherwise.
        prefix_space: whether a space goes before a text, unless ``add_prefix_space`` says otherwise.
    """

    kind: str
    single: str = "$A"
    pair: str = "$A $B:1"
    specials: Mapping[str, str] = field(default_factory=dict)
    mask_strips: bool = False
    trim_offsets: bool = False
    prefix_space: bool = False
    n_extra: int = 0

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is made from."""
        if self.kind == "utf8":
            return ()
        return ("vocab.txt",) if self.kind in ("wordpiece", "wholes") else ("vocab.json", "merges.txt")


@dataclass(frozen=True, eq=False)
class TokenizerKind:
    """The tokenizer of some models of a family: those of another class, or other languages.

    Attributes:
        languages, pieces, vocabulary: as ``Family`` has them.
    """

    languages: "LanguageTokens | None" = None
    pieces: "PieceLayout | None" = None
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True, eq=False)
class Family:
    """One model family.

    Attributes:
        name: as its paper spells it.
        paper: where it is described.
        example: a model of it, by its id on the hub.
        kind: ``encoder``, ``decoder`` where each token sees only earlier ones, or ``encoder-decoder``.
        fields: flat names of the block: each a value, or a rule that reads it from ``config.json``.
        modules: the block's modules (``layers.{}.attn.q``), each with the file's name
            (``encoder.layer.{}.attention.self.query``). Linear layers and norms have ``weight`` and ``bias``, tables
            ``weight``. Experts have a number of their own (``layers.{}.ffn.experts.{}.1``); ``{head}`` stands for the
            number of each head that has a module of its own. Those of a decoder beside an encoder begin with
            ``decoder.`` (``decoder.layers.{}.cross.q``).
        fused: modules of the file that hold several of the block's.
        defaults: settings that a ``config.json`` may leave out, where not all families agree on them.
        aliases: other names of settings to the family's own; they win, as in the published code.
        more: further fields that follow from several settings at once.
        more_modules: further names of modules that follow from settings.
        prefixes: what may stand before each name.
        unused: names of heads and buffers, with ``*``, that play no part in attention.
        rounded: those of ``unused`` that the published code takes from the file, where attnviz computes them anew.
        required: settings that may have only these values (null and missing are always fine).
        irrelevant: settings without any part in attention, besides those of all families; ``*`` stands for anything.
        ignored: settings that change attention in other families, and that the published code of this one does not
            read, each with the values that are no surprise; any other is a note.
        classes: what the names of its classes in transformers begin with (``architectures``).
        linear: whether linear layers are stored as (out, in); GPT-2's are (in, out).
        first_position: row of the position table that belongs to the first token; a number, or a rule. Where ``pad_id``
            is a field, the row before it is the padding's.
        spare_positions: how many rows at the end of the position table are never used.
        copies: by a tensor's name in the file, others of the same numbers, of which a file may have one instead.
        added: by table of the block, a table of the file whose first row is added to each of its rows.
        older: the family as an older file spells its tensors, by a pattern that one of their names matches.
        norm_plus: what is added to a norm's stored gain.
        zero: tensors of the block that are 0, because the file's model does not have them; ``{}`` stands for a layer.
        tensors: tensors of the block whose names in the file are not a module's with ``weight`` or ``bias`` (DeBERTa's
            ``q_bias``).
        stacked: the experts' tensors that the file has in one each (``layers.{}.ffn.experts.{}.w1``).
        computed: tensors of the block that the published code computes, each with what makes it of the settings and its
            shape.
        orders: modules whose outputs have other places in each head, each with the head's stored outputs in order.
        folded: norms whose gain is stored as one row for each head, each with the number of heads.
        factors: numbers that multiply a module's weights, from settings.
        convolutions: modules that are stored as convolutions of width 1, from settings; each with its groups.
        layer: the file's number for a layer, where it is not the same; ``{}`` of ``modules`` stands for it.
        vocabulary: for folders without ``tokenizer.json``.
        pieces: for folders with a SentencePiece model alone; None where those are not read.
        head: what makes logits of its outputs; None where it cannot write.
        languages: the language tokens around its texts; None where it has none.
        tokenizer_class: what ``tokenizer_class`` begins with, where those of other classes are read from
            ``tokenizer.json`` alone, without languages (BARThez, which is an mBART); empty where it does not matter.
        tokenizers: other tokenizers of such models, by what ``tokenizer_class`` begins with, or by ``language_codes``.
    """

    name: str
    paper: str
    example: str
    fields: dict[str, object | SettingRule]
    modules: dict[str, str]
    kind: str = "encoder"
    fused: tuple[Fused, ...] = ()
    defaults: dict[str, object] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    more: Callable[[Settings], Mapping[str, object]] = lambda settings: {}  # noqa: ARG005
    more_modules: Callable[[Settings], Mapping[str, str]] = lambda settings: {}  # noqa: ARG005
    prefixes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()
    required: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    irrelevant: tuple[str, ...] = ()
    ignored: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    classes: str = ""
    linear: bool = True
    first_position: int | Callable[[Settings], int] = 0
    spare_positions: Callable[[Settings], int] = lambda settings: 0  # noqa: ARG005
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added: Callable[[Settings], Mapping[str, str]] = lambda settings: {}  # noqa: ARG005
    older: Mapping[str, "Family"] = field(default_factory=dict)
    norm_plus: float = 0.0
    zero: tuple[str, ...] = ()
    tensors: Mapping[str, str] = field(default_factory=dict)
    stacked: Mapping[str, Stacked] = field(default_factory=dict)
    computed: Mapping[str, Callable[[Settings, Shape], np.ndarray]] = field(default_factory=dict)
    orders: Mapping[str, Callable[[Block], tuple[int, ...]]] = field(default_factory=dict)
    folded: Mapping[str, Callable[[Block], int]] = field(default_factory=dict)
    factors: Callable[[Settings], Mapping[str, float]] = lambda settings: {}  # noqa: ARG005
    convolutions: Callable[[Settings], Mapping[str, int]] = lambda settings: {}  # noqa: ARG005
    layer: Callable[[Settings, int], str] = lambda settings, i: str(i)  # noqa: ARG005
    vocabulary: Vocabulary | None = None
    pieces: "PieceLayout | None" = None
    head: "LanguageHead | None" = None
    languages: "LanguageTokens | None" = None
    tokenizer_class: str = ""
    tokenizers: Mapping[str, TokenizerKind] = field(default_factory=dict)

    def with_tokenizer(self, settings: Mapping[str, Any]) -> "Family":
        """The family with the tokenizer that the settings of a folder's tokenizer name."""
        named, codes = str(settings.get("tokenizer_class")), settings.get("language_codes")
        for name, kind in self.tokenizers.items():
            if named.startswith(name) or codes == name:
                return replace(self, languages=kind.languages, pieces=kind.pieces, vocabulary=kind.vocabulary)
        is_other = settings.get("tokenizer_class") is not None and not named.startswith(self.tokenizer_class)
        return replace(self, languages=None, pieces=None, vocabulary=None) if is_other else self

    def settings(self, values: Mapping[str, Any], where: str) -> Settings:
        """The settings of a ``config.json``, with the family's defaults."""
        renamed = {own: values[alias] for alias, own in self.aliases.items() if values.get(alias) is not None}
        return Settings({**self.defaults, **values, **renamed}, where, self.name, read=set(self.aliases))

    def config_fields(self, settings: Settings) -> dict[str, object]:
        """The block's fields that a ``config.json`` means.

        Raises:
            CheckpointError: a setting that is missing, of a wrong type, or not computed here.
        """
        for name, allowed in self.required.items():
            settings.one_of(name, {value: value for value in allowed}, allowed[0])
        fields = {name: rule(settings) if callable(rule) else rule for name, rule in self.fields.items()}
        for rule in (self.more_modules, self.factors, self.convolutions, self.added, self.spare_positions):
            rule(settings)  # so that all that is read of the settings is read now, and refused if it cannot be
        return fields | dict(self.more(settings))

    def spelled(self, names: Iterable[str]) -> "Family":
        """The family as a file spells its tensors."""
        for pattern, older in self.older.items():
            if any(fnmatch.fnmatchcase(name, pattern) for name in names):
                return older
        return self
