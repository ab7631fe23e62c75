"""What every tokenizer of a GGUF file has: tokens that are found in a text as wholes, and those around a text."""

from typing import TYPE_CHECKING

from attnviz.text.gguf.vocabulary import GgufVocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Tokens that take the spaces before or after them, which a file cannot say: llama.cpp knows them by what it says else.
_PHI3 = ("phi-3", "phi3")
_KEEP_SPACES = ("<unk>", "<s>", "<|endoftext|>")


def finish(
    made: "Tokenizer", vocabulary: GgufVocabulary, *, first: str | None, last: str | None, second: str | None
) -> "Tokenizer":
    """Adds the whole tokens, and the tokens around texts.

    Args:
        made: the tokenizer, which is changed.
        vocabulary: of the file.
        first: the token before a text.
        last: the token after each text.
        second: the token before a second text.
    """
    from tokenizers import AddedToken, processors  # noqa: PLC0415 (start-up time)

    special, others = vocabulary.whole()
    for numbers, is_special in ((special, True), (others, False)):
        pieces = [vocabulary.pieces[number] for number in numbers]
        made.add_tokens(
            [AddedToken(p, normalized=False, special=is_special, **_spaces(vocabulary, p, is_special)) for p in pieces]
        )
    around = [token for token in (first, last, second) if token is not None]
    if around:
        text_a = [token for token in (first, "$A:0", last) if token is not None]
        text_b = [f"{token}:1" for token in (second, "$B", last) if token is not None]
        made.post_processor = processors.TemplateProcessing(
            single=text_a,
            pair=text_a + text_b,
            special_tokens=[(token, vocabulary.ids[token]) for token in dict.fromkeys(around)],
        )
    return made


def _spaces(vocabulary: GgufVocabulary, piece: str, is_special: bool) -> dict[str, bool]:
    """Whether a whole token takes the spaces before it or after it."""
    metadata = vocabulary.metadata
    name = str(metadata.get("general.name", "")).lower()
    before = (
        str(metadata.get("tokenizer.ggml.pre")) in ("jina-v2-de", "jina-v2-es", "jina-v2-code")
        or str(metadata.get("general.architecture")) in ("nomic-bert-moe", "jina-bert-v3")
    ) and piece == "<mask>"
    before |= "modern-bert" in name and piece == "[MASK]"
    after = any(part in name for part in _PHI3) and (is_special or piece == "</s>") and piece not in _KEEP_SPACES
    return {"lstrip": before, "rstrip": after}
