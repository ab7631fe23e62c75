"""The tokenizer of a model folder: ``tokenizer.json``, or the vocabulary files of before it."""

from pathlib import Path
from typing import Any

from attnviz.checkpoints.family import Family, Vocabulary
from attnviz.checkpoints.folder import read_object
from attnviz.checkpoints.folder_hints import save_tokenizer
from attnviz.errors import CheckpointError, one_line
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer
from attnviz.text.vocabularies import add_specials, byte_level, token_text, wordpiece

_EXPECTED = "expected settings of a tokenizer"


def read_tokenizer(path: Path, family: Family, n_vocab: int) -> PretrainedTokenizer:
    """The tokenizer that a model folder's texts go through, exactly as its model expects them.

    Args:
        path: the folder.
        family: what its model is, which says how the older files are to be read.
        n_vocab: rows of the embedding table.

    Raises:
        InputError: there is none, it is damaged, or it has ids that the table has no row for.
    """
    settings = tokenizer_settings(path)
    if settings.get("split_special_tokens"):
        raise CheckpointError(
            f"{one_line(path)}: its tokenizer splits special tokens (split_special_tokens), which attnviz does not do; "
            "expected one that keeps them"
        )
    name = f"{one_line(path.name)}, tokenizer"
    file = path / "tokenizer.json"
    if file.exists():
        found = pretrained_tokenizer(file, settings=settings)
    else:
        found = pretrained_tokenizer(_from_vocabulary(path, family, settings), name=name, settings=settings)
    if found.n_vocab > n_vocab:
        piece = found.library.id_to_token(found.n_vocab - 1)
        raise CheckpointError(
            f"{one_line(path)}: its tokenizer has ids up to {found.n_vocab - 1} ({one_line(piece)}), and vocab_size is "
            f"{n_vocab}; expected ids below {n_vocab}",
            hint="--tokenizer PATH takes a tokenizer as it is, and then only the tokens that occur must have a row",
        )
    return found


def tokenizer_settings(path: Path) -> dict[str, Any]:
    """What ``tokenizer_config.json`` says, and the older ``added_tokens.json``; nothing where there is neither.

    Raises:
        CheckpointError: it is no JSON object.
    """
    files = (path / "tokenizer_config.json", path / "added_tokens.json")
    settings, added = (read_object(file, _EXPECTED) if file.exists() else {} for file in files)
    by_id = {str(number): token for token, number in added.items()}
    return {"added_tokens_decoder": by_id} | settings if by_id else settings


def _from_vocabulary(path: Path, family: Family, settings: dict[str, Any]) -> Any:
    vocabulary = family.vocabulary
    files = vocabulary.files if vocabulary else ()
    if not files or not all((path / name).exists() for name in files):
        others = [file.name for file in sorted(path.glob("*.model"))]
        instead = f" (its {one_line(others[0])} is not read)" if others else ""
        expected = " or ".join(["tokenizer.json", *([" and ".join(files)] if files else [])])
        raise CheckpointError(
            f"{one_line(path)}: it has no tokenizer{instead}; expected {expected}",
            hint=save_tokenizer(path),
        )
    specials = _specials(path, vocabulary, settings)
    if vocabulary.kind == "wordpiece":
        accents = settings.get("strip_accents")
        made = wordpiece(
            path / files[0],
            specials=specials,
            lower_case=settings.get("do_lower_case") is not False,
            strip_accents=accents if isinstance(accents, bool) else None,
        )
    else:
        made = byte_level(*(path / name for name in files), add_prefix_space=bool(settings.get("add_prefix_space")))
    add_specials(made, path / files[0], specials, vocabulary.single, vocabulary.pair)
    return made


def _specials(path: Path, vocabulary: Vocabulary, settings: dict[str, Any]) -> dict[str, str]:
    """The special tokens by role: what the folder says of them, else the family's own."""
    told = path / "special_tokens_map.json"
    said = {**(read_object(told, _EXPECTED) if told.exists() else {}), **settings}
    return {role: token_text(said.get(f"{role}_token")) or token for role, token in vocabulary.specials.items()}
