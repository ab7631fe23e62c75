"""Folders of BART's relatives: languages, tokenizers of pieces, tables that are not shared, published settings."""

import json
import shutil
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import sentencepiece

import attnviz
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.description import describe_folder
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.checkpoints.huggingface.tokenizer import read_tokenizer
from attnviz.errors import CheckpointError, InputError, UsageError
from attnviz.model import save
from tests.checkpoints.folders import write_safetensors
from tests.checkpoints.huggingface.test_known_settings import checked
from tests.text.pieces.trained import train

GOLDEN = Path(__file__).parents[1] / "golden"
TEXT, TARGET = "The cat", "Das Tier"


def pieces(tokens):
    return [token.piece for token in tokens]


def copy_of(name, copy, file="tokenizer_config.json", **settings):
    """A copy of a golden folder, with other settings in one of its files."""
    shutil.copytree(GOLDEN / name, copy)
    values = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps(values | settings))
    return copy


def fed(model):
    """The pieces of the source, and those that the decoder is fed."""
    result = attnviz.run(TEXT, target=TARGET, model=model)
    return pieces(result.tokens), pieces(result.target_tokens)


@pytest.mark.parametrize(
    ("folder", "languages", "source", "target"),
    [
        ("mbart", ("en_XX", "fr_XX"), (-1, "en_XX"), ["fr_XX"]),
        ("mbart", (), (-1, "de_DE"), ["ro_RO"]),
        ("nllb", ("zho_Hans", "fra_Latn"), (0, "zho_Hans"), ["</s>", "fra_Latn"]),
        ("m2m_100", ("de", "__ja__"), (0, "__de__"), ["</s>", "__ja__"]),
        ("marian", (None, "fra"), (0, ">>fra<<"), ["<pad>"]),
    ],
)
def test_languages_of_the_user_win_and_the_decoder_is_fed_the_target_s(folder, languages, source, target):
    names = dict(zip(("source_lang", "target_lang"), languages, strict=False))
    tokens, target_tokens = fed(attnviz.load(model=GOLDEN / folder, **names))
    assert tokens[source[0]] == source[1]
    assert target_tokens[: len(target)] == target


def test_mbart_50_and_its_languages_are_known_by_the_class_of_the_tokenizer(tmp_path):
    copy = copy_of("mbart", tmp_path / "mbart", tokenizer_class="MBart50Tokenizer")
    tokens, target = fed(attnviz.load(model=copy, source_lang="en_XX", target_lang="fr_XX"))
    assert (tokens[0], tokens[-1]) == ("en_XX", "</s>")
    assert target[:2] == ["</s>", "fr_XX"]


def test_a_tokenizer_of_another_class_is_that_of_its_own_file(tmp_path):
    copy = copy_of("mbart", tmp_path / "barthez", tokenizer_class="BarthezTokenizer")
    own = json.loads((copy / "tokenizer.json").read_text())
    steps = {"single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}
    special = {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}
    own["post_processor"] = {"type": "TemplateProcessing", "pair": [], "special_tokens": special} | steps
    own["post_processor"]["pair"] = [*steps["single"], {"Sequence": {"id": "B", "type_id": 0}}]
    (copy / "tokenizer.json").write_text(json.dumps(own))
    tokens, target = fed(attnviz.load(model=copy))
    assert (tokens[0], tokens[-1]) == ("<s>", "at")
    assert target[1] == "<s>"
    with pytest.raises(UsageError, match="source-lang: barthez has no language tokens"):
        attnviz.load(model=copy, source_lang="en_XX")


def test_nllb_has_its_languages_at_the_end_where_its_folder_asks_for_the_older_way(tmp_path):
    copy = copy_of("nllb", tmp_path / "nllb", legacy_behaviour=True)
    tokens, target = fed(attnviz.load(model=copy, source_lang="fra_Latn"))
    assert tokens[-2:] == ["</s>", "fra_Latn"]
    assert target[0] == "</s>"
    assert target[-1] == "</s>"  # before the language, which is not fed


def test_an_unknown_language_is_an_error_that_lists_all():
    with pytest.raises(
        UsageError, match=r"target-lang: nllb does not know 'french' \(did you mean fra_Latn\?\); .*zho_Hans"
    ):
        attnviz.load(model=GOLDEN / "nllb", target_lang="french")
    with pytest.raises(UsageError, match="source-lang: bart has no language tokens; expected a translator"):
        attnviz.load(model=GOLDEN / "bart", source_lang="en")


def test_a_tokenizer_of_the_user_has_no_languages():
    with pytest.raises(UsageError, match=r"source-lang: .*tokenizer\.json has no language tokens"):
        attnviz.load(model=GOLDEN / "nllb", tokenizer=str(GOLDEN / "t5" / "tokenizer.json"), source_lang="fra_Latn")


def test_a_description_lists_the_languages():
    described = describe_folder(GOLDEN / "nllb", "nllb")
    assert described.tokenizer["languages"] == ["deu_Latn", "eng_Latn", "fra_Latn", "zho_Hans"]
    assert "languages" not in describe_folder(GOLDEN / "bart", "bart").tokenizer


@pytest.mark.parametrize("folder", ["mbart", "marian", "marian_separate"])
def test_a_native_file_has_both_tokenizers(folder, tmp_path):
    model = attnviz.load(model=GOLDEN / folder)
    save(model, tmp_path / "native.npz")
    native = attnviz.load(weights=tmp_path / "native.npz")
    assert fed(native) == fed(model)
    with pytest.raises(UsageError, match=r"target-lang: native\.npz has no language tokens"):
        attnviz.load(weights=tmp_path / "native.npz", target_lang="fr_XX")


def test_targets_of_marian_have_pieces_and_ids_of_their_own():
    for folder, files in (
        ("marian", ("vocab.json", "vocab.json")),
        ("marian_separate", ("vocab.json", "target_vocab.json")),
    ):
        model = attnviz.load(model=GOLDEN / folder)
        both = [one.encode("The animal asleep", n_vocab=137) for one in (model.tokenizer, model.target_tokenizer)]
        assert [token.id for token in both[0]] != [token.id for token in both[1]]
        for tokens, file in zip(both, files, strict=True):
            numbers = json.loads((GOLDEN / folder / file).read_text())
            assert [token.id for token in tokens] == [numbers[token.piece] for token in tokens]


@pytest.mark.parametrize(
    ("name", "file"),
    [("marian", "target.spm"), ("marian_separate", "target.spm"), ("marian_separate", "target_vocab.json")],
)
def test_a_target_without_its_own_pieces_is_an_error_and_not_cut_as_a_source(name, file, tmp_path):
    shutil.copytree(GOLDEN / name, tmp_path / "m")
    (tmp_path / "m" / file).unlink()
    model = attnviz.load(model=tmp_path / "m")
    assert len(attnviz.run("The animal", model=model).tokens) > 2
    with pytest.raises(CheckpointError, match=rf"m: it has no {file}; expected the pieces and ids of target texts"):
        attnviz.run("The animal", target="Das Tier", model=model)


@pytest.mark.parametrize("file", ["source.spm", "vocab.json"])
def test_a_translator_without_its_pieces_says_which_files_it_needs(file, tmp_path):
    shutil.copytree(GOLDEN / "marian", tmp_path / "m")
    (tmp_path / "m" / file).unlink()
    with pytest.raises(CheckpointError, match=r"m: it has no tokenizer; expected tokenizer.json or source.spm and voc"):
        attnviz.load(model=tmp_path / "m")


def test_a_language_at_the_beginning_of_a_text_is_one_token_of_marian():
    tokenizer = attnviz.load(model=GOLDEN / "marian").tokenizer
    tokens = tokenizer.encode(">>fra<< The cat", n_vocab=137)
    assert (tokens[0].piece, tokens[0].text, tokens[0].special) == (">>fra<<", ">>fra<<", False)
    unknown = tokenizer.encode(">>xyz<< The cat", n_vocab=137)
    assert [token.id for token in unknown[1:]] == [token.id for token in tokens[1:]]
    assert unknown[0].id == tokenizer.library.token_to_id("<unk>")


@pytest.mark.parametrize("name", ["bart", "pegasus"])
def test_tables_that_are_not_tied_are_the_encoder_s_and_the_decoder_s(name, tmp_path):
    copy = tmp_path / name
    shutil.copytree(GOLDEN / name, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    values = json.loads((copy / "config.json").read_text()) | {"tie_word_embeddings": False}
    (copy / "config.json").write_text(json.dumps(values))
    file = open_tensors(GOLDEN / name / "model.safetensors")
    tensors = {one: np.array(file.array(one), np.float32) for one in file.shapes}
    shared = tensors["model.shared.weight"]
    tensors |= {"model.encoder.embed_tokens.weight": shared, "model.decoder.embed_tokens.weight": shared}
    tensors |= {"lm_head.weight": shared, "model.shared.weight": 0 * shared}
    usual = attnviz.run(TEXT, target=TARGET, model=attnviz.load(model=GOLDEN / name))
    write_safetensors(copy / "model.safetensors", tensors)
    model = attnviz.load(model=copy)
    assert model.unknown == ()
    same = attnviz.run(TEXT, target=TARGET, model=model)
    for kind, view in usual.views.items():
        np.testing.assert_allclose(same.views[kind].matrices, view.matrices, atol=1e-6)
    write_safetensors(copy / "model.safetensors", tensors | {"model.decoder.embed_tokens.weight": shared[::-1].copy()})
    other = attnviz.run(TEXT, target=TARGET, model=attnviz.load(model=copy))
    np.testing.assert_array_equal(other.views["encoder"].matrices, same.views["encoder"].matrices)
    assert np.abs(other.cross_attention - same.cross_attention).max() > 0.01


WORDS = [
    "The",
    "cat's",
    "unreadable",
    "a",
    "Größe",
    "日本",
    "🙂",
    "(so)",
    "it.",
    "'",
    "\n",
    "...",
    "WORD",
    "İx",
    "don't!\n",
]


def test_blenderbot_small_s_words_and_places():
    tokenizer = read_tokenizer(GOLDEN / "blenderbot_small", find_family("blenderbot-small"))
    text = "The cat's  unreadable.\n(Größe)"
    tokens = tokenizer.encode(text, n_vocab=999)
    words = {}
    for token in tokens:
        words.setdefault(token.word, []).append(token.text)
    assert ["".join(word) for word in words.values()][:5] == ["The", "cat", "'", "s", "unreadable"]
    assert [text[token.start : token.end] for token in tokens] == [token.text for token in tokens]
    assert all(token.piece in ("__unk__", token.piece.lower()) for token in tokens)
    for words in product(WORDS, WORDS):
        tokens = tokenizer.encode(" ".join(("a", *words)), n_vocab=999)
        assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(tokens))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("vocab.json", "[1]", "it is not a vocabulary"),
        ("vocab.json", '{"__unk__": 1}', "it is not a vocabulary"),
        ("vocab.json", '{"a": 0}', "it has no __unk__; expected that special token"),
        ("merges.txt", "#version: 0.2\na b c\n", "a line is 'a b c'; expected two pieces per line"),
    ],
)
def test_damaged_vocabularies_are_errors(file, content, message, tmp_path):
    copy = tmp_path / "small"
    shutil.copytree(GOLDEN / "blenderbot_small", copy)
    (copy / file).write_text(content)
    with pytest.raises(InputError, match=message):
        attnviz.load(model=copy)


BART_LIKE = {
    "d_model": 1024, "encoder_layers": 12, "decoder_layers": 12, "encoder_attention_heads": 16, "vocab_size": 50265,
    "decoder_attention_heads": 16, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096, "max_position_embeddings": 1024,
    "is_encoder_decoder": True, "num_hidden_layers": 12, "dropout": 0.1, "init_std": 0.02, "use_cache": True,
    "eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 1,
}  # fmt: skip
PUBLISHED = {  # names and values of published config.json files, as far as they may matter
    "bart": {
        "activation_function": "gelu", "add_bias_logits": False, "add_final_layer_norm": False,
        "classif_dropout": 0.0, "normalize_before": False, "normalize_embedding": True, "scale_embedding": False,
        "static_position_embeddings": False, "extra_pos_embeddings": 2, "force_bos_token_to_be_generated": True,
        "output_past": False, "decoder_start_token_id": 2, "forced_eos_token_id": 2, "early_stopping": True,
        "length_penalty": 2.0, "num_beams": 4, "no_repeat_ngram_size": 3, "task_specific_params": {},
    },
    "mbart": {
        "activation_function": "gelu", "add_bias_logits": False, "add_final_layer_norm": True,
        "normalize_before": True, "normalize_embedding": True, "scale_embedding": True,
        "static_position_embeddings": False, "decoder_start_token_id": 2, "tokenizer_class": "MBart50Tokenizer",
        "forced_eos_token_id": 2, "max_length": 200, "num_beams": 5, "gradient_checkpointing": False,
    },
    "marian": {
        "activation_function": "swish", "add_bias_logits": False, "add_final_layer_norm": False,
        "normalize_before": False, "normalize_embedding": False, "scale_embedding": True, "num_beams": 6,
        "static_position_embeddings": True, "decoder_start_token_id": 50264, "bad_words_ids": [[50264]],
        "share_encoder_decoder_embeddings": True, "decoder_vocab_size": 50265, "max_length": 512,
    },
    "pegasus": {
        "activation_function": "relu", "add_bias_logits": False, "add_final_layer_norm": True,
        "normalize_before": True, "normalize_embedding": False, "scale_embedding": True, "extra_pos_embeddings": 1,
        "static_position_embeddings": True, "decoder_start_token_id": 0, "force_bos_token_to_be_generated": False,
    },
    "m2m_100": {
        "activation_function": "relu", "scale_embedding": True, "decoder_start_token_id": 2, "num_beams": 5,
        "encoder_layerdrop": 0.05, "gradient_checkpointing": False, "early_stopping": True, "max_length": 200,
    },
    "blenderbot": {
        "activation_function": "gelu", "add_bias_logits": False, "add_final_layer_norm": True,
        "do_blenderbot_90_layernorm": True, "layernorm_variant": "prelayernorm", "normalize_before": True,
        "normalize_embedding": False, "scale_embedding": True, "static_position_embeddings": False,
        "extra_pos_embeddings": 0, "decoder_start_token_id": 1, "encoder_no_repeat_ngram_size": 3, "unk_token_id": 3,
        "length_penalty": 0.65, "min_length": 20, "no_repeat_ngram_size": 3, "num_beams": 10,
    },
    "blenderbot-small": {
        "activation_function": "gelu", "add_bias_logits": False, "add_final_layer_norm": False,
        "do_blenderbot_90_layernorm": True, "layernorm_variant": "xlm", "normalize_before": False,
        "normalize_embedding": True, "scale_embedding": True, "static_position_embeddings": False, "variant": "xlm",
        "extra_pos_embeddings": 0, "decoder_start_token_id": 1, "unk_token_id": 3,
    },
}  # fmt: skip


@pytest.mark.parametrize("model_type", PUBLISHED)
def test_published_settings_leave_no_note(model_type):
    fields, notes = checked(model_type, BART_LIKE | {"model_type": model_type} | PUBLISHED[model_type])
    assert notes == ()
    assert fields["decoder_start_id"] == PUBLISHED[model_type]["decoder_start_token_id"]


@pytest.mark.parametrize("name", ["normalize_before", "static_position_embeddings"])
def test_an_older_setting_that_means_another_block_is_noted(name):
    values = BART_LIKE | {"model_type": "bart", "decoder_start_token_id": 2, name: True}
    assert any(name in note for note in checked("bart", values)[1])


def test_a_setting_that_two_rules_read_is_noted_once(tmp_path):
    copy = copy_of("marian", tmp_path / "m", "config.json", share_encoder_decoder_embeddings=None)
    notes = [note for note in attnviz.load(model=copy).notes if "share_encoder_decoder_embeddings" in note]
    assert notes == [
        "share_encoder_decoder_embeddings is null, taken as true; some releases of transformers take it as false"
    ]


def test_a_decoder_alone_is_refused():
    with pytest.raises(CheckpointError, match="is_decoder is true, which attnviz does not compute; expected false"):
        checked("bart", BART_LIKE | {"model_type": "bart", "is_decoder": True})


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A folder with a SentencePiece model alone, of one of these classes, and the number of its pieces."""

    def make(model_type, tokenizer_class, name="sentencepiece.bpe.model", **options):
        folder = tmp_path_factory.mktemp("alone")
        train(folder / name, **{"model_type": "unigram", "vocab_size": 300, **options})
        (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": tokenizer_class}))
        processor = sentencepiece.SentencePieceProcessor(str(folder / name))
        return folder, processor

    return make


@pytest.mark.parametrize(
    ("model_type", "tokenizer_class", "language", "place", "n_languages"),
    [
        ("mbart", "MBartTokenizer", "en_XX", 3, 25),
        ("mbart", "MBart50Tokenizer", "sl_SI", 51, 52),
        ("m2m_100", "NllbTokenizer", "eng_Latn", 46, 202),
    ],
)
def test_pieces_alone_have_the_ids_of_fairseq(alone, model_type, tokenizer_class, language, place, n_languages):
    folder, processor = alone(model_type, tokenizer_class)
    tokenizer = read_tokenizer(folder, find_family(model_type))
    n, text = processor.get_piece_size(), "the animal <mask>"
    tokens = tokenizer.encode(text, n_vocab=10**6)
    assert [token.id for token in tokens[:-2]] == [i + 1 for i in processor.encode("the animal")]
    assert [token.id for token in tokens[-2:]] == [n + 1 + n_languages, 2]
    assert tokenizer.library.token_to_id(language) == n + 1 + place


def test_pieces_of_pegasus_come_after_its_masks(alone):
    ids = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    folder, processor = alone("pegasus", "PegasusTokenizer", "spiece.model", **ids)
    tokenizer = read_tokenizer(folder, find_family("pegasus"))
    tokens = tokenizer.encode("the animal <mask_2> <unk_102>", n_vocab=10**6)
    assert [token.id for token in tokens[:-3]] == [i + 103 for i in processor.encode("the animal")]
    assert [token.id for token in tokens[-3:]] == [3, 104, 1]
