"""The rules of ``generation_config.json``: which the greedy choice keeps to, and which it leaves out with a note."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.checkpoints.huggingface.settings_file import read_object
from attnviz.encoder.generation.rules import Generation, GenerationRules
from attnviz.errors import CheckpointError, brief, one_line
from attnviz.files import is_there

FILE = "generation_config.json"

_MOST = 2**31  # of the numbers of a rule

# Rules that change what comes out, each with the values that change nothing. Sampling is not among them: it is never
# greedy.
_LEFT_OUT: dict[str, tuple[object, ...]] = {
    "num_beams": (1,),
    "penalty_alpha": (0, 0.0),
    "sequence_bias": ([], {}),
    "encoder_repetition_penalty": (1, 1.0),
    "encoder_no_repeat_ngram_size": (0,),
    "guidance_scale": (1, 1.0),
    "force_words_ids": ([],),
    "constraints": ([],),
    "forced_decoder_ids": ([],),
    "dola_layers": (),
    "watermarking_config": (),
    "stop_strings": ([],),
}


def read_generation(path: Path, settings: Settings) -> Generation:
    """The rules of a folder: of ``generation_config.json``, without that file of ``config.json``, as in older models.

    Raises:
        CheckpointError: the file is not JSON, or a rule has a value that it cannot have.
    """
    file = path / FILE
    if is_there(file):
        values = read_object(file, "expected settings of generation")
        own = Settings(values, one_line(file), settings.family)
    else:
        own = Settings(settings.values, settings.where, settings.family)
    end = _ids(own, "eos_token_id") or _ids(settings, "eos_token_id")
    rules = GenerationRules(
        end=end,
        start=next(iter(_ids(own, "decoder_start_token_id")), None),
        repetition_penalty=own.number("repetition_penalty", 1.0, float, least=1e-6),
        no_repeat_ngram_size=own.number("no_repeat_ngram_size", 0),
        bad_words=tuple(_id_lists(own, "bad_words_ids")),
        min_length=own.number("min_length", 0) if end else 0,
        min_new_tokens=own.number("min_new_tokens", 0) if end else 0,
        forced_first=next(iter(_ids(own, "forced_bos_token_id")), None),
        forced_last=_ids(own, "forced_eos_token_id"),
        decay=_decay(own),
        suppressed=_ids(own, "suppress_tokens"),
        suppressed_first=_ids(own, "begin_suppress_tokens"),
    )
    left = [name for name, neutral in _LEFT_OUT.items() if own.get(name) is not None and own.get(name) not in neutral]
    said = ", ".join(f"{name} {brief(json.dumps(own.get(name)))}" for name in left)
    note = f"{Path(own.where).name} asks for {said}: the continuation is the greedy one, without it"
    return Generation(rules, (note,) if left else ())


def _ids(settings: Settings, name: str) -> tuple[int, ...]:
    """One id, or several; none where the setting is missing."""
    value = settings.get(name)
    ids = value if isinstance(value, list) else [] if value is None else [value]
    _check(settings, name, all(_is_id(one) for one in ids), "expected an id, or a list of ids")
    return tuple(one for one in ids if one >= 0)  # -1 stands for none in some files


def _id_lists(settings: Settings, name: str) -> Iterator[tuple[int, ...]]:
    """Lists of ids."""
    value = settings.get(name, [])
    good = isinstance(value, list) and all(isinstance(one, list) and one and all(map(_is_id, one)) for one in value)
    _check(settings, name, good, "expected a list of lists of ids")
    return (tuple(one) for one in value)


def _decay(settings: Settings) -> tuple[int, float] | None:
    name = "exponential_decay_length_penalty"
    value = settings.get(name)
    if value is None:
        return None
    good = isinstance(value, list) and len(value) == 2 and all(isinstance(one, int | float) for one in value)
    good = good and abs(value[0]) < _MOST and abs(value[1]) < _MOST  # false of what is not a number
    _check(settings, name, good, f"expected [first token, factor], below {_MOST}")
    return int(value[0]), float(value[1])


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check(settings: Settings, name: str, good: bool, expected: str) -> None:
    if not good:
        said = brief(json.dumps(settings.get(name)))
        raise CheckpointError(f"{settings.where}: {name} is {said}; {expected}")
