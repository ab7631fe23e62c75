"""Language tokens: those around source and target texts, the known languages, and the errors of others."""

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from attnviz.errors import UsageError
from attnviz.text.language_names import Languages
from attnviz.text.languages import LanguageTokens, in_languages, known_languages
from attnviz.text.pretrained import pretrained_tokenizer

PIECES = ["<s>", "</s>", "a", "b", "c", "en_XX", "ro_RO", "fr_XX", "__en__", "__ro__", ">>ron<<", ">>fra<<"]
MBART = LanguageTokens("{}", "[a-z]{2}_[A-Z]{2}", "$A </s> source", "$A </s> target", default="en_XX")
NLLB = LanguageTokens(
    "{}",
    "[a-z]{2}_[A-Z]{2}",
    "source $A </s>",
    "target $A </s>",
    older=("$A </s> source", "$A </s> target"),
    default="en_XX",
)
M2M100 = LanguageTokens("__{}__", "[a-z]{2}", "source $A </s>", "target $A </s>", default="en")
MARIAN = LanguageTokens(">>{}<<", "[^<>]+", "target $A </s>", "$A </s>")


@pytest.fixture(scope="module")
def tokenizer():
    library = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(PIECES)}, unk_token="<s>"))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    library.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    return pretrained_tokenizer(library)


def modes(tokenizer, tokens, *languages, **settings):
    given = Languages(*languages, has_target=True)
    return in_languages(tokenizer, lambda: tokenizer, tokens, given, settings=settings, where="toy")


def pieces(tokenizer, *texts):
    return " ".join(token.piece for token in tokenizer.encode(*texts, n_vocab=99))


@pytest.mark.parametrize(
    ("tokens", "languages", "settings", "source", "target"),
    [
        (MBART, ("fr_XX", "ro_RO"), {}, "a b </s> fr_XX", "a b </s> ro_RO"),
        (MBART, (None, "ro_RO"), {}, "a b </s> en_XX", "a b </s> ro_RO"),
        (MBART, (), {}, "a b </s> en_XX", "a b </s> en_XX"),
        (MBART, (), {"src_lang": "ro_RO", "tgt_lang": "fr_XX"}, "a b </s> ro_RO", "a b </s> fr_XX"),
        (MBART, ("fr_XX",), {"src_lang": "ro_RO", "tgt_lang": "en_XX"}, "a b </s> fr_XX", "a b </s> en_XX"),
        (NLLB, ("fr_XX", "ro_RO"), {}, "fr_XX a b </s>", "ro_RO a b </s>"),
        (NLLB, ("fr_XX", "ro_RO"), {"legacy_behaviour": True}, "a b </s> fr_XX", "a b </s> ro_RO"),
        (M2M100, ("en", "ro"), {}, "__en__ a b </s>", "__ro__ a b </s>"),
        (M2M100, ("__ro__", "__en__"), {}, "__ro__ a b </s>", "__en__ a b </s>"),
        (MARIAN, (), {}, "a b </s>", "a b </s>"),
        (MARIAN, (None, "fra"), {}, ">>fra<< a b </s>", "a b </s>"),
    ],
)
def test_a_text_has_the_tokens_of_its_language_around_it(tokenizer, tokens, languages, settings, source, target):
    both = modes(tokenizer, tokens, *languages, **settings)
    assert pieces(both.source, "a b") == source
    assert pieces(both.target(), "a b") == target


def test_language_tokens_are_special_and_have_no_place_in_the_text(tokenizer):
    tokens = modes(tokenizer, NLLB, "fr_XX").source.encode("a b", "c", n_vocab=99)
    said = [(token.label, token.special, token.start, token.end, token.segment, token.word) for token in tokens]
    assert said == [
        ("fr_XX", True, 0, 0, 0, None),
        ("a", False, 0, 1, 0, 0),
        ("b", False, 2, 3, 0, 1),
        ("c", False, 0, 1, 1, 0),
        ("</s>", True, 0, 0, 1, None),
    ]


def test_a_tokenizer_names_the_language_token_that_it_adds(tokenizer):
    both = modes(tokenizer, M2M100, "en", "ro")
    assert (both.source.language, both.target().language) == ("__en__", "__ro__")
    both = modes(tokenizer, MARIAN)
    assert (both.source.language, both.target().language) == ("", "")


def test_what_a_native_file_keeps_gives_the_same_tokens(tokenizer):
    for mode in (modes(tokenizer, MBART, "fr_XX").source, modes(tokenizer, NLLB, "fr_XX", "ro_RO").target()):
        kept = pretrained_tokenizer(mode.as_json())
        assert pieces(kept, "a b") == pieces(mode, "a b")
        assert pieces(kept, "a b", "c") == pieces(mode, "a b", "c")
    assert json.loads(tokenizer.as_json()) == json.loads(tokenizer.json_text)


def test_a_missing_target_language_is_noted_where_a_target_text_is_run(tokenizer):
    assert modes(tokenizer, MBART, "fr_XX").notes == (
        "target-lang: not given; target texts are marked fr_XX, as source texts are",
    )
    assert modes(tokenizer, MBART, "fr_XX", "ro_RO").notes == ()
    assert modes(tokenizer, MBART, "fr_XX", tgt_lang="ro_RO").notes == ()
    assert modes(tokenizer, MARIAN).notes == ()
    without = in_languages(tokenizer, lambda: tokenizer, MBART, Languages(), settings={}, where="toy")
    assert without.notes == ()


@pytest.mark.parametrize(
    ("tokens", "languages", "message"),
    [
        (MBART, ("de_DE",), "source-lang: toy does not know 'de_DE'; expected one of en_XX, ro_RO, fr_XX"),
        (
            MBART,
            (None, "French"),
            "target-lang: toy does not know 'French' (did you mean fr_XX?); expected one of en_XX, ro_RO, fr_XX",
        ),
        (MBART, ("a",), "source-lang: toy does not know 'a'; expected one of en_XX, ro_RO, fr_XX"),
        (M2M100, ("en\x1b",), "source-lang: toy does not know 'en\\x1b' (did you mean en?); expected one of en, ro"),
        (MARIAN, (None, "deu"), "target-lang: toy does not know 'deu'; expected one of ron, fra"),
        (
            MARIAN,
            ("en",),
            "source-lang: toy has no tokens for source languages; expected no --source-lang",
        ),
    ],
)
def test_an_unknown_language_is_an_error_that_lists_the_known_ones(tokenizer, tokens, languages, message):
    with pytest.raises(UsageError) as raised:
        modes(tokenizer, tokens, *languages)
    assert str(raised.value) == message


def test_languages_are_listed_in_the_order_of_their_ids(tokenizer):
    assert known_languages(tokenizer, M2M100) == ("en", "ro")
