"""A model: a configuration, its weights, its tokenizer, and where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from attnviz.encoder.config import EncoderConfig, check_field_names
from attnviz.encoder.params import Params
from attnviz.encoder.seeded import SeededParams
from attnviz.errors import UsageError, one_line
from attnviz.text.tokenizer import Tokenizer, load_tokenizer
from attnviz.trace import ModelInfo

PathOrText = str | PathLike[str]


@dataclass(frozen=True, eq=False)
class Model:
    """A configuration, its weights, its tokenizer, and where they came from."""

    config: EncoderConfig
    params: Params
    tokenizer: Tokenizer
    info: ModelInfo
    has_decoder: bool = True


def load(
    weights: PathOrText | None = None,
    *,
    tokenizer: str | None = None,
    config: PathOrText | None = None,
    fields: Mapping[str, object] | None = None,
    **more_fields: object,
) -> Model:
    """A model from a native checkpoint, or from a seed.

    Args:
        weights: a native ``.safetensors`` or ``.npz`` file; without it the weights are random, made from ``seed``.
        tokenizer: ``word``, ``whitespace``, ``char`` or the path of a ``tokenizers`` JSON file; by default the
            checkpoint's own, else ``word``.
        config: a TOML file of fields; ``fields`` win over it, and both win over the checkpoint's header.
        fields: fields of ``EncoderConfig`` by name, also as keyword arguments: ``n_heads=8, mask="causal"``.
        more_fields: the same.

    Raises:
        UsageError: unknown fields, fields that do not fit each other, or a seed given besides weights.
        InputError: a file that cannot be read or is invalid.
    """
    given = {**(fields or {}), **more_fields}
    check_field_names(given, "model")
    if weights is not None and "seed" in given:
        raise UsageError(
            "seed, weights: both are given; expected one of them (a seed makes weights, a file has its own)"
        )
    if config is not None:
        from attnviz.checkpoints.config_file import read_config  # noqa: PLC0415 (start-up time)

        given = {**read_config(Path(config)), **given}
    if weights is not None:
        return _load_native(Path(weights), tokenizer, given)
    chosen = load_tokenizer(tokenizer or "word")
    if chosen.n_vocab is not None:
        given.setdefault("n_vocab", chosen.n_vocab)
    block = EncoderConfig(**given)
    info = ModelInfo("seeded", f"seed:{block.seed}", block.as_dict())
    return Model(block, SeededParams(block, decoder=True), chosen, info)


def _load_native(path: Path, tokenizer: str | None, given: dict[str, object]) -> Model:
    from attnviz.checkpoints.native import read_native  # noqa: PLC0415 (start-up time)

    given.pop("seed", None)  # of a config file: these weights are made already
    native = read_native(path, overrides=given)
    if tokenizer is None and native.tokenizer_json is not None:
        from attnviz.text.pretrained import pretrained_tokenizer  # noqa: PLC0415 (start-up time)

        chosen = pretrained_tokenizer(native.tokenizer_json, name=f"{path.name}, tokenizer")
    else:
        chosen = load_tokenizer(tokenizer or "word")
    info = ModelInfo(one_line(path.name), f"sha256:{native.sha256}", native.config.as_dict())
    return Model(native.config, native.params, chosen, info, native.has_decoder)
