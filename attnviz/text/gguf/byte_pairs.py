"""A GGUF's vocabulary of merged bytes (``gpt2``), with the splits that ``tokenizer.ggml.pre`` names."""

from typing import TYPE_CHECKING

from attnviz.errors import brief, some
from attnviz.text.gguf.finish import finish
from attnviz.text.gguf.splits import SPLITS, Splits
from attnviz.text.gguf.vocabulary import PREFIX, GgufVocabulary
from attnviz.text.pieces.conversion import SPACE, piece_decoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def byte_pairs(vocabulary: GgufVocabulary) -> "Tokenizer":
    """The tokenizer of a file's tokens and merges (Sennrich et al. 2016, Radford et al. 2019).

    Raises:
        CheckpointError: merges that are missing or do not fit the tokens, or splits that are not known.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415 (start-up time)

    splits = _splits(vocabulary)
    merges = _merges(vocabulary)
    try:
        made = Tokenizer(
            models.BPE(vocabulary.ids, merges, ignore_merges=splits.whole_words, byte_fallback=not splits.byte_level)
        )
    except Exception as error:  # the library raises nothing more specific
        raise vocabulary.error("merges", f"does not fit its tokens ({brief(error)})", "pieces of them") from error
    steps = [pre_tokenizers.Split(Regex(expression), "isolated") for expression in splits.expressions]
    if splits.byte_level:
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        made.pre_tokenizer = pre_tokenizers.Sequence([*steps, level])
        made.decoder = decoders.ByteLevel()
    else:
        made.normalizer = normalizers.Replace(" ", SPACE)
        made.pre_tokenizer = pre_tokenizers.Sequence([*steps])
        made.decoder = piece_decoder()
    first = vocabulary.added_piece("bos", usual=splits.bos)
    last = vocabulary.added_piece("eos", usual=False)
    sep = vocabulary.special_id("sep") if vocabulary.is_set("add_sep_token", splits.sep) else None
    second = first if sep is None else vocabulary.pieces[sep]
    return finish(made, vocabulary, first=first, last=last, second=second)


def _splits(vocabulary: GgufVocabulary) -> Splits:
    """The splits that the file names; a file without a name has those of llama.cpp's oldest files.

    Raises:
        CheckpointError: the name is not known.
    """
    model, name = vocabulary.metadata.get(f"{PREFIX}model"), vocabulary.metadata.get(f"{PREFIX}pre")
    if name is None or (isinstance(name, str) and not name):
        name = model if isinstance(model, str) and model in SPLITS else "default"
    if not isinstance(name, str) or name not in SPLITS:
        raise vocabulary.error("pre", f"is {brief(name)}, which is not known", some(sorted(SPLITS), 20))
    return SPLITS[name]


def _merges(vocabulary: GgufVocabulary) -> list[tuple[str, str]]:
    """The pairs of pieces, the first ones first; a piece may begin with a space.

    Raises:
        CheckpointError: they are missing, or not pairs.
    """
    lines = vocabulary.metadata.get(f"{PREFIX}merges")
    expected = "two pieces per line"
    if not isinstance(lines, list | tuple):
        raise vocabulary.error("merges", "is missing" if lines is None else "has no texts", expected)
    merges = []
    for number, line in enumerate(lines):
        at = line.find(" ", 1) if isinstance(line, str) else -1
        if at < 0:
            raise vocabulary.error("merges", f"has {brief(line)} at {number}", expected)
        merges.append((line[:at], line[at + 1 :]))
    return merges
