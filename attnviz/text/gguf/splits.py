r"""Where texts are split before their bytes are joined to pieces, by the name in ``tokenizer.ggml.pre``.

The names are those of llama.cpp (``llama-vocab.cpp``), the expressions those of the models' ``tokenizer.json``.
Each one splits what the ones before it left: a match is a part, and so is what is between matches.

llama.cpp only comes close to some of them (``gpt-4o``, ``tekken``, ``tiny_aya``, ``kimi-k2``, ``youtu``, and others:
capitals, combining marks, wide spaces): there the models' own hold.
"""

from dataclasses import replace

from attnviz.records import dataclass


@dataclass(frozen=True)
class Splits:
    """What a name of ``tokenizer.ggml.pre`` says.

    Attributes:
        expressions: each splits the parts that the one before it made.
        whole_words: whether a part that is a piece stays whole, whatever its merges are.
        bos: whether a text begins with the first special token, unless the file says otherwise.
        byte_level: whether a character of the vocabulary is a byte; else a space is ``▁``.
        sep: whether a second text begins with a token of its own, unless the file says otherwise.
    """

    expressions: tuple[str, ...]
    whole_words: bool = False
    bos: bool = False
    byte_level: bool = True
    sep: bool = False


_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_SIGNS = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
_LETTERS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_PUNCTUATED = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"""
    + _SPACES
)
_HAN_KANA = r"[一-龥\u3040-ゟ゠-ヿ]+"
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"


def _words(numbers: str, *, letters: str = _LETTERS, start: str = f"{_CONTRACTIONS}|") -> str:
    return f"{start}{letters}|{numbers}|{_SIGNS}|{_SPACES}"


def _cased(numbers: str, *, contractions: str = f"{_CONTRACTIONS}?", but: str = "") -> str:
    """Words that may end where a capital follows a small letter."""
    upper, lower, first = f"[{_UPPER}{but}]", f"[{_LOWER}{but}]", r"[^\r\n\p{L}\p{N}]?"
    end = r"[\r\n]*" if but else r"[\r\n/]*"
    words = f"{first}{upper}*{lower}+{contractions}|{first}{upper}+{lower}*{contractions}"
    return rf"{words}|{numbers}| ?[^\s\p{{L}}\p{{N}}]+{end}|{_SPACES}"


_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_BLOOM = r" ?[^(\s|.,!?…。，、।۔،)]+"
_LINES = r"[^\n]+|\n+"
_LLAMA3 = Splits((_words(r"\p{N}{1,3}"),))
_QWEN2 = Splits((_words(r"\p{N}"),))
_GPT4O = Splits((_cased(r"\p{N}{1,3}"),))
_DIGITS = Splits((r"\p{N}", _GPT2))
_PLAIN = Splits((_GPT2,))
_DEEPSEEK3 = Splits((r"\p{N}{1,3}", _HAN_KANA, _PUNCTUATED))
_NEWER_LETTERS = (  # which DeepSeek's list of letters with a case leaves out
    r"[\x{560}\x{588}\x{10c7}-\x{10ff}\x{1c80}-\x{1c8f}\x{2d00}-\x{2d2d}\x{a790}-\x{a7ff}\x{ab30}-\x{ab68}"
    r"\x{10570}-\x{105bc}\x{10d50}-\x{10d85}\x{16e40}-\x{16eff}\x{1d400}-\x{1d7cb}\x{1df00}-\x{1df2f}]"
)
_CASED_LETTERS = rf"\s?(?:(?!{_NEWER_LETTERS})[\p{{Lu}}\p{{Ll}}\p{{Lt}}])+"
_DEEPSEEK = Splits(
    (r"[\r\n]", _CASED_LETTERS, r"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", r"\s+$", r"[一-龥ࠀ-一가-\ud7ff]+", r"\p{N}+")
)
_SPARK = _PUNCTUATED.replace(r"[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+", r"[\p{P}\p{S}]+|[\r\n]")
_EAST_ASIAN = "|".join(
    (
        r"[가-힣ㄱ-ㆎ]+",
        r"[！…“”‘’—：；，\x{3001}-\x{303f}\x{fe30}-\x{fe4f}]+",
        r"[\x{3105}-\x{312f}]+",
        r"[\x{4e00}-\x{9fa5}\x{3040}-\x{30ff}]+",
    )
)
_ASIAN = (
    r"[\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}\x{f900}-\x{faff}\x{3040}-\x{30ff}\x{ff65}-\x{ff9f}\x{2f00}-\x{2fdf}\x{e40}-\x{e7f}"
    r"\x{e80}-\x{eff}\x{1780}-\x{17ff}\x{1000}-\x{109f}\x{aa60}-\x{aa7f}\x{a9e0}-\x{a9ff}\x{ac00}-\x{d7af}\x{1100}-\x{11ff}]+"
)
_KIMI = r"\p{Han}+|" + _cased(r"\p{N}{1,3}", but=r"&&[^\p{Han}]")
_KINDS: dict[tuple[str, ...], Splits] = {
    ("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"): replace(
        _LLAMA3, whole_words=True, bos=True
    ),
    ("dbrx", "smaug-bpe", "glm4", "chatglm-bpe"): _LLAMA3,
    ("qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2"): _QWEN2,
    ("gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum"): _PLAIN,
    ("modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4"): _PLAIN,
    ("jina-v1-en", "jina-v2-code", "roberta-bpe"): replace(_PLAIN, sep=True),
    ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"): _DIGITS,
    ("gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"): _GPT4O,
    ("tekken",): Splits((_cased(r"\p{N}", contractions=""),), whole_words=True, bos=True),
    ("deepseek-llm",): _DEEPSEEK,
    ("deepseek-coder",): Splits((r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-\ud7ff]+", r"\p{N}")),
    ("deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"): _DEEPSEEK3,
    ("falcon",): Splits((r"[\p{P}$+<=>^~|`]+", _GPT2, r"[0-9][0-9][0-9]")),
    ("bloom", "gpt3-finnish", "poro-chat"): Splits((_BLOOM,)),
    ("viking",): Splits((_BLOOM, r"\p{N}")),
    ("bailingmoe", "bailingmoe2", "llada-moe"): Splits(
        (rf"'(?i:[sdmt]|ll|ve|re)|{_LETTERS}|\p{{N}}|{_SIGNS}|\s*[\r\n]|\s+(?!\S)|\s+",)
    ),
    ("seed-coder",): Splits((rf"{_CONTRACTIONS}|{_LETTERS}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{_SPACES}",)),
    ("qwen35",): Splits(
        (
            rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}|"
            rf" ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{_SPACES}",
        )
    ),
    ("minicpm5",): Splits((r"\p{N}{1,3}", _words(r"\p{N}+")), whole_words=True),
    ("tiny_aya", "cohere2moe"): Splits((r"\d{1,3}(?=(?:\d{3})*\b)", _cased(r"\p{N}{1,3}"))),
    ("kimi-k2",): Splits((_KIMI,)),
    ("exaone-moe",): Splits(
        (
            rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}|"
            r" ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
        )
    ),
    ("jais-2",): Splits(
        (
            rf"{_CONTRACTIONS}|{_LETTERS}|\p{{N}}{{1,3}}|{_SIGNS}|\s*[\r\n]+|\s{{512}}(?!\S)|\s{{256}}(?!\S)|"
            r"\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}",
        )
    ),
    ("ufakzeka",): Splits((_words(r"\p{N}", start=""),)),
    ("laguna",): Splits((_LINES, _words(r"\p{N}"))),
    ("spark2_5",): Splits((r"\p{N}{1,3}", _HAN_KANA, _SPARK, r"\p{N}")),
    ("youtu",): Splits((_EAST_ASIAN, _cased(r"\p{N}")), whole_words=True),
    ("chameleon",): Splits(
        (
            r"<sentinel:[0-9]+>",
            r"(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
            r"([\t\n]|    |  )",
            r"\p{N}",
            r"[\p{P}!-/:-@\[-`{-~]",
            _GPT2,
        ),
        bos=True,
    ),
    ("superbpe",): Splits((r"\p{N}+", r"(?=(\d{3})+(?!\d))")),
    ("afmoe",): Splits((r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", _ASIAN, _PUNCTUATED)),
    ("gemma4", "granite-embed-multi-311m"): Splits((_LINES,), bos=True, byte_level=False),
    ("sarvam-moe",): Splits((_LINES,), byte_level=False),
    ("default",): Splits((r"[\p{P}$+<=>^~|]+", _GPT2, r"\p{N}+", r"[0-9][0-9][0-9]")),
}
SPLITS = {name: splits for names, splits in _KINDS.items() for name in names}
