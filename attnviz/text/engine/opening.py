"""A tokenizer of the ``tokenizers`` library from its JSON, or one that is there already, ready for texts."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from attnviz.errors import InputError
from attnviz.memory import memory_fault
from attnviz.text.engine.faults import panics_as_errors, without_traces
from attnviz.text.engine.ids import MOST_IDS
from attnviz.text.engine.trust import is_trusted
from attnviz.text.vocabularies import apply_settings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_ROOM = 16  # bytes of memory for one of the file, measured


class OpenTokenizer(NamedTuple):
    """A tokenizer without padding and truncation.

    Attributes:
        library: the library's object, or a ``WatchedTokenizer``, which has its methods.
        json_text: what it was made from, with the settings.
        described: the same, parsed.
        padding: the piece that its own padding asks for.
        n_vocab: the largest id plus one.
    """

    library: Any
    json_text: str
    described: dict[str, Any]
    padding: str | None
    n_vocab: int


def open_tokenizer(source: "str | Tokenizer", settings: Mapping[str, Any]) -> OpenTokenizer:
    """The tokenizer of JSON text, or of the library's object, with settings of a ``tokenizer_config.json``.

    Raises:
        InputError: a setting that does not fit; a file that is too large for the memory.
        Exception: whatever the library says of a damaged tokenizer; never a panic.
    """
    with panics_as_errors(), without_traces():
        return _from_json(source, settings) if isinstance(source, str) else _changed(source, settings, None, {})


def _from_json(json_text: str, settings: Mapping[str, Any]) -> OpenTokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 (start-up time)

    from attnviz.text.pieces.charsmap import check_tables  # noqa: PLC0415 (start-up time: it needs NumPy)

    fault = memory_fault(_ROOM * len(json_text))  # the library would end the process
    if fault is not None:
        raise InputError(f"tokenizer: it {fault}; expected a higher limit (ulimit -v), or a smaller vocabulary")
    described = orjson.loads(json_text)
    if not isinstance(described, dict):
        raise TypeError("not a JSON object")
    check_tables(described.get("normalizer"))
    if is_trusted(described):
        return _changed(Tokenizer.from_str(json_text), settings, json_text, described)
    from attnviz.text.engine.rehearsal import Rehearsal, WatchedTokenizer  # noqa: PLC0415 (start-up time)

    rehearsal = Rehearsal(json_text, settings)
    rehearsal.play()
    made = _changed(Tokenizer.from_str(json_text), settings, json_text, described)
    return made._replace(library=WatchedTokenizer(made.library, rehearsal))


def _changed(
    library: "Tokenizer", settings: Mapping[str, Any], json_text: str | None, described: dict[str, Any]
) -> OpenTokenizer:
    n_vocab = _n_vocab(described, library) if described else 0
    if settings and apply_settings(library, settings):
        json_text = None
    padding = (library.padding or {}).get("pad_token")
    library.no_padding()
    library.no_truncation()
    if json_text is None:
        json_text = library.to_str()
        described = orjson.loads(json_text)
        n_vocab = _n_vocab(described, library)
    return OpenTokenizer(library, json_text, described, padding, n_vocab)


def _n_vocab(described: Mapping[str, Any], library: "Tokenizer") -> int:
    """The largest id plus one, without the library's copy of all pieces, which takes as long as parsing them.

    Raises:
        ValueError: it is so large that the library's tables of all ids would fill the memory.
    """
    vocabulary = described["model"]["vocab"]  # pieces with their ids, or a list of them (Unigram)
    ids = vocabulary.values() if isinstance(vocabulary, dict) else range(len(vocabulary))
    largest: int = max(chain(ids, library.get_added_tokens_decoder()), default=-1)
    if largest >= MOST_IDS:
        raise ValueError(f"an id is {largest}; the largest may be {MOST_IDS - 1}")
    return largest + 1
