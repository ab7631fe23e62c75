"""Tiny tokenizers of the kinds the families use, learnt from the few lines of text below.

The pieces are learnt here, by plain byte-pair merging with ties broken by spelling, and not by the trainers of the
``tokenizers`` library: those for WordPiece and Unigram give another vocabulary at every run.
"""

import io
import json
import math
import re
import tempfile
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AlbertTokenizer,
    BertTokenizer,
    BlenderbotSmallTokenizer,
    BlenderbotTokenizer,
    ByT5Tokenizer,
    CamembertTokenizer,
    DebertaTokenizer,
    DebertaV2Tokenizer,
    DistilBertTokenizer,
    EsmTokenizer,
    GemmaTokenizer,
    GPT2Tokenizer,
    GPTNeoXTokenizer,
    LlamaTokenizer,
    M2M100Tokenizer,
    MarianTokenizer,
    MBartTokenizer,
    MPNetTokenizer,
    NllbTokenizer,
    PegasusTokenizer,
    Qwen2Tokenizer,
    RobertaTokenizer,
    T5Tokenizer,
    XLMRobertaTokenizer,
)
from transformers.tokenization_utils_tokenizers import TokenizersBackend

CORPUS = """
The animal did not cross the street because it was too tired.
The tired animal was asleep under the bridge.
She read the letter again and again before the train left.
The river crosses the valley under a stone bridge.
He was too late, the train had left the station.
It was not the street that was wide; it was the animal that was slow.
Every head looks at other words, and some look at themselves.
The cat sat on the mat, and the dog sat on the log.
Attention is a weighted sum of values.
A head that looks back sees the word before.
The words of a sentence are split into pieces.
Long and rare words are broken, short words are kept.
Who crossed the bridge? The animal did.
They walked along the river until it was dark.
The station was closed, so we walked home.
The model reads the sentence word by word.
We read, we write, we read again.
The cat is not the dog, and the dog knows it.
Because it was raining, the street was empty.
The slow train stopped at every station.
A letter for the old man had come from the valley.
The man was tired of letters.
Some words look at the first word of the sentence.
The values are weighted by what the head looks for.
It did not stop because it was not asked to.
One, two, three, four: the animal counted the steps.
The steps of the bridge were made of stone.
Under the bridge it was dark and cold.
The dog was looking at the cat again.
Reading a letter is slow when it is long.
What is rare is broken into many pieces.
Die Straße ist breit, und das Tier ist müde.
Das Tier ging nicht über die Straße, weil es müde war.
Die Größe der Straße ist für das Tier zu groß.
Über die Brücke ging ein müder Mann.
Ein Wort wird in Stücke geteilt.
Der Mann grüßte und ging nach Hause.
Le café est près de la rivière.
Le garçon a mangé au café, très tard.
La forêt est très âgée, la rivière aussi.
Où est le café? Près de la forêt.
L'élève a lu la lettre déjà.
Η λέξη είναι μικρή.
Το ζώο είναι μικρό και η λέξη μεγάλη.
Το ζώο και η λέξη.
Η γη είναι μεγάλη.
日本語の文
日本の言葉
日本は島の国
中文的词
日本
今日は 日本
The café of the 日本 station is small 🙂.
Read it again 🙂 and again 🙂.
Die Größe 🙂 des Tieres.
Walking, talking, reading and writing are words that end alike.
The unhappy man was unable to read.
Untied and tired, the dog left.
It is believable that the able man is happy.
Readable letters are kept, unreadable ones are not.
""".strip().splitlines()

LLAMA3_SPLIT = (  # as its tokenizer.json has it
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ESM_TOKENS = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def merged(word, pair, joined):
    """The word with every neighbouring pair replaced by one piece."""
    pieces, at = [], 0
    while at < len(word):
        if word[at : at + 2] == pair:
            pieces.append(joined)
            at += 2
        else:
            pieces.append(word[at])
            at += 1
    return tuple(pieces)


def learn(words, n_merges, prefix=""):
    """Byte-pair merging: the merges in their order, and how often each piece is left in the end, commonest first.

    Args:
        words: count by word; a word is a tuple of its first pieces.
        n_merges: how many.
        prefix: what pieces inside a word begin with (WordPiece's ``##``).
    """
    words, merges, alphabet = dict(words), [], {piece for word in words for piece in word}
    for _ in range(n_merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        pair = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = pair[0] + pair[1].removeprefix(prefix)
        merges.append(pair)
        words = {merged(word, pair, joined): count for word, count in words.items()}
    counts = Counter(dict.fromkeys(sorted(alphabet), 0))
    counts.update({left + right.removeprefix(prefix): 0 for left, right in merges})
    for word, count in words.items():
        counts.update({piece: word.count(piece) * count for piece in set(word)})
    return merges, sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def corpus_words(normalizer, pre_tokenizer):
    """How often each word of the corpus occurs, as the normalizer and the pre-tokenizer leave it."""
    lines = [normalizer.normalize_str(line) if normalizer else line for line in CORPUS]
    return Counter(word for line in lines for word, _ in pre_tokenizer.pre_tokenize_str(line))


@cache
def wordpiece(special, lowercase, n_merges=80, min_chars=3):
    """``{piece: id}``, the special tokens first; a rare character is unknown, as it is to real ones."""
    words = corpus_words(normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer())
    chars = Counter(char for word, count in words.items() for char in word * count)
    kept = {word: count for word, count in words.items() if all(chars[char] >= min_chars for char in word)}
    split = {(word[0], *(f"##{char}" for char in word[1:])): count for word, count in kept.items()}
    _, pieces = learn(split, n_merges, "##")
    return {piece: index for index, piece in enumerate([*special, *(piece for piece, _ in pieces)])}


@cache
def unigram(special, lowercase=False, accents=True, n_merges=90):
    """``[(piece, log probability)]``, the special tokens first with 0, and no Greek or Chinese beyond the commonest."""
    steps = ([] if accents else [normalizers.NFKD(), normalizers.StripAccents()]) + [
        normalizers.Lowercase()
    ] * lowercase
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    words = corpus_words(normalizers.Sequence(steps), metaspace)
    _, pieces = learn({tuple(word): count for word, count in words.items()}, n_merges)
    total = sum(count for _, count in pieces)
    scored = [(piece, round(math.log(max(count, 0.5) / total), 4)) for piece, count in pieces if piece not in special]
    return [*((token, 0.0) for token in special), *scored[: 180 - len(special)]]


@cache
def byte_level(special_first, special_last=(), n_merges=120, normalizer=None):
    """``({piece: id}, merges)`` of a byte-level vocabulary: all 256 bytes, and the merges."""
    words = corpus_words(normalizer, pre_tokenizers.ByteLevel(add_prefix_space=False))
    merges, _ = learn({tuple(word): count for word, count in words.items()}, n_merges)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*special_first, *alphabet, *(left + right for left, right in merges), *special_last]
    return {piece: index for index, piece in enumerate(pieces)}, merges


@cache
def sentencepiece_bpe(special, n_merges=90, min_chars=4):
    """``({piece: id}, merges)`` of a BPE with ``▁`` for the space, and bytes for the characters it lacks."""
    words = corpus_words(None, pre_tokenizers.Metaspace())
    chars = Counter(char for word, count in words.items() for char in word * count)
    kept = {tuple(word): count for word, count in words.items() if all(chars[char] >= min_chars for char in word)}
    merges, pieces = learn(kept, n_merges)
    alphabet = sorted({char for word in kept for char in word})
    joined = [left + right for left, right in merges]
    assert {piece for piece, _ in pieces} == {*alphabet, *joined}
    return {piece: index for index, piece in enumerate([*special, *BYTES, *joined, *alphabet])}, merges


BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def bert():
    return BertTokenizer(vocab=wordpiece(BERT_SPECIAL, lowercase=True))


def distilbert():
    """A cased one: the normalizer keeps capitals and accents."""
    return DistilBertTokenizer(vocab=wordpiece(BERT_SPECIAL, lowercase=False), do_lower_case=False)


def mpnet():
    return MPNetTokenizer(vocab=wordpiece(("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"), lowercase=True))


def roberta():
    vocab, merges = byte_level(("<s>", "<pad>", "</s>", "<unk>"), ("<mask>",))
    return RobertaTokenizer(vocab=vocab, merges=merges)


def deberta():
    vocab, merges = byte_level(("[PAD]", "[CLS]", "[SEP]", "[UNK]"), ("[MASK]",))
    return DebertaTokenizer(vocab=vocab, merges=merges)


def deberta_v2():
    return DebertaV2Tokenizer(vocab=[*unigram(("[PAD]", "[CLS]", "[SEP]", "[UNK]")), ("[MASK]", 0.0)])


def gpt2():
    vocab, merges = byte_level((), ("<|endoftext|>",))
    return GPT2Tokenizer(vocab=vocab, merges=merges)


def gpt_neox():
    vocab, merges = byte_level(("<|endoftext|>", "<|padding|>"), normalizer=normalizers.NFC())
    return GPTNeoXTokenizer(vocab=vocab, merges=merges)


def opt():
    """GPT-2's with another first token: every text begins with ``</s>``."""
    vocab, merges = byte_level(("<s>", "<pad>", "</s>", "<unk>"))
    return GPT2Tokenizer(
        vocab=vocab, merges=merges, bos_token="</s>", eos_token="</s>", unk_token="</s>", pad_token="<pad>",
        add_bos_token=True,
    )  # fmt: skip


def qwen():
    vocab, merges = byte_level((), ("<|endoftext|>", "<|im_start|>", "<|im_end|>"), normalizer=normalizers.NFC())
    return Qwen2Tokenizer(vocab=vocab, merges=merges, extra_special_tokens=["<|im_start|>", "<|im_end|>"])


def modernbert():
    """ModernBERT's file has GPT-2's pieces within BERT's special tokens, and no class of its own."""
    vocab, merges = byte_level(("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"), normalizer=normalizers.NFC())
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0",
        special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])],
    )
    names = {f"{name.lower()}_token": f"[{name}]" for name in ("UNK", "CLS", "SEP", "PAD", "MASK")}
    return TokenizersBackend(tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], **names)


def llama3():
    """Llama 3's file: split by a pattern, whole words before merges, offsets of bytes trimmed."""
    start, end = "<|begin_of_text|>", "<|end_of_text|>"
    vocab, merges = byte_level((), (start, end))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    split = pre_tokenizers.Split(Regex(LLAMA3_SPLIT), behavior="isolated")
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytewise])
    tokenizer.decoder = decoders.ByteLevel()
    template = processors.TemplateProcessing(
        single=f"{start} $A", pair=f"{start} $A {start}:1 $B:1", special_tokens=[(start, vocab[start])]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), template])
    return TokenizersBackend(tokenizer_object=tokenizer, bos_token=start, eos_token=end)


def xlm_roberta():
    return XLMRobertaTokenizer(vocab=[*unigram(("<s>", "<pad>", "</s>", "<unk>")), ("<mask>", 0.0)])


def camembert():
    special = ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>")
    return CamembertTokenizer(vocab=[*unigram(special), ("<mask>", 0.0)])


def albert():
    special = ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")
    return AlbertTokenizer(vocab=unigram(special, lowercase=True, accents=False))


def llama():
    vocab, merges = sentencepiece_bpe(("<unk>", "<s>", "</s>"))
    return LlamaTokenizer(vocab=vocab, merges=merges, add_bos_token=True)


def mistral():
    """As hub files of Llama 2's kind have it: the space becomes ``▁`` in the normalizer, nothing is split before."""
    vocab, merges = sentencepiece_bpe(("<unk>", "<s>", "</s>"))
    model = models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", vocab["<s>"])]
    )
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    return TokenizersBackend(tokenizer_object=tokenizer, **names)


def esm():
    """The published vocabulary of ESM-2, whose class reads a ``vocab.txt`` and writes no ``tokenizer.json``."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "vocab.txt"
        file.write_text("\n".join(ESM_TOKENS))
        return EsmTokenizer(str(file))


def gemma():
    vocab, merges = sentencepiece_bpe(("<pad>", "<eos>", "<bos>", "<unk>", "<mask>"))
    return GemmaTokenizer(vocab=vocab, merges=merges, add_bos_token=True)


def t5():
    return T5Tokenizer(vocab=unigram(("<pad>", "</s>", "<unk>"), n_merges=40)[:100], extra_ids=3)


SMALL_WORDS = re.compile(r"[.,!?()]?[^\s.,!?()']+|[.,!?()]|'")  # those that Blenderbot-small's tokenizer merges
MADE = tempfile.TemporaryDirectory()  # the files of tokenizers that copy them when they are saved
FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")


def bart():
    vocab, merges = byte_level(FAIRSEQ, ("<mask>",), n_merges=24)
    return RobertaTokenizer(vocab=vocab, merges=merges)


def blenderbot():
    """Its class adds no end, as the published tokenizer.json does."""
    vocab, merges = byte_level(FAIRSEQ, ("<mask>",), n_merges=24)
    tokenizer = BlenderbotTokenizer(vocab=vocab, merges=merges)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", vocab["</s>"])]
    )
    return tokenizer


def mbart():
    codes = [(code, 0.0) for code in MBartTokenizer().lang_code_to_id]
    vocab = [*unigram(FAIRSEQ, n_merges=40)[:90], *codes, ("<mask>", 0.0)]
    return MBartTokenizer(vocab=vocab, src_lang="de_DE", tgt_lang="ro_RO")


def nllb():
    """Of four languages; the file of pieces and merges has those of SentencePiece."""
    special = FAIRSEQ
    words = corpus_words(None, pre_tokenizers.Metaspace())
    merges, pieces = learn({tuple(word): count for word, count in words.items()}, 40)
    codes = ["deu_Latn", "eng_Latn", "fra_Latn", "zho_Hans"]
    vocab = {piece: i for i, piece in enumerate([*special, *(piece for piece, _ in pieces), *codes, "<mask>"])}
    return NllbTokenizer(
        vocab=vocab, merges=merges, extra_special_tokens=codes, src_lang="eng_Latn", tgt_lang="deu_Latn"
    )


def pegasus():
    special = ("<pad>", "</s>", "<mask_1>", "<mask_2>", "<unk_2>", "<unk_3>", "<unk>")
    return PegasusTokenizer(vocab=unigram(special, n_merges=40)[:100], offset=4)


def new_folder():
    return tempfile.mkdtemp(dir=MADE.name)


def trained_pieces(folder, name, **options):
    """A SentencePiece model of the corpus in a file of a folder; its pieces."""
    out = io.BytesIO()
    usual = {"model_type": "unigram", "normalization_rule_name": "identity", "minloglevel": 2, "vocab_size": 110}
    options = usual | {"character_coverage": 0.98} | options
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=out, **options)
    (Path(folder) / name).write_bytes(out.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    return [processor.id_to_piece(i) for i in range(3, processor.get_piece_size())]


def written(folder, name, pieces):
    path = Path(folder) / name
    path.write_text(json.dumps({piece: i for i, piece in enumerate(dict.fromkeys(pieces))}))
    return str(path)


def marian():
    """One vocabulary, two files of pieces, and two languages of targets."""
    made = new_folder()
    source = trained_pieces(made, "source.spm")
    target = trained_pieces(made, "target.spm", vocab_size=100, model_type="bpe")
    vocab = written(made, "vocab.json", ["</s>", "<unk>", *source, *target, ">>deu<<", ">>fra<<", "<pad>"])
    files = str(Path(made) / "source.spm"), str(Path(made) / "target.spm"), vocab
    return MarianTokenizer(*files, source_lang="en", target_lang="de")


def marian_separate():
    """A vocabulary of sources and another of targets."""
    made = new_folder()
    source = trained_pieces(made, "source.spm", vocab_size=100)
    target = trained_pieces(made, "target.spm")
    vocab = written(made, "vocab.json", ["</s>", "<unk>", *source, "<pad>"])
    of_targets = written(made, "target_vocab.json", ["</s>", "<unk>", *target, "<pad>"])
    files = str(Path(made) / "source.spm"), str(Path(made) / "target.spm"), vocab, of_targets
    return MarianTokenizer(*files, separate_vocabs=True)


def m2m_100():
    made = new_folder()
    pieces = trained_pieces(made, "sentencepiece.bpe.model")
    vocab = written(made, "vocab.json", [*FAIRSEQ, *reversed(pieces)])
    file = str(Path(made) / "sentencepiece.bpe.model")
    return M2M100Tokenizer(vocab, file, src_lang="en", tgt_lang="fr")


def blenderbot_small():
    """Words in lower case, of which pieces end in ``@@`` but the last; a merged piece that no word has is left out."""
    words = Counter(word for line in CORPUS for word in SMALL_WORDS.findall(line.lower()))
    split = {(*word[:-1], f"{word[-1]}</w>"): count for word, count in words.items()}
    merges, pieces = learn(split, 60)
    used = [piece for piece, count in pieces if count > 0]
    spelled = [piece.removesuffix("</w>") if piece.endswith("</w>") else f"{piece}@@" for piece in used]
    made = new_folder()
    vocab = written(made, "vocab.json", ["__null__", "__start__", "__end__", "__unk__", *spelled])
    path = Path(made) / "merges.txt"
    path.write_text("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
    return BlenderbotSmallTokenizer(vocab, str(path))


def byt5():
    return ByT5Tokenizer(extra_ids=3)
