"""``attnviz probe``: what it prints, against loops over the matrices that ``run`` gives."""

import csv
import io
import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.probes.repeat import distinct_ids
from attnviz.analysis.probes.syntax import EVERY, dev_part
from attnviz.sweeps.preparation import prepare_ids
from attnviz.sweeps.random_tokens import ordinary_ids
from attnviz.sweeps.runs import run_prepared

SIZES = ("--n-layers", "2", "--n-heads", "3", "--d-model", "12")
SMALL = (*SIZES, "--block-seed", "0")
TREES = (
    "The:2:det cat:3:nsubj sat:0:root",
    "A:2:det dog:3:nsubj saw:0:root the:5:det cat:3:obj",
    "Birds:2:nsubj sing:0:root",
    "The:2:det dogs:3:nsubj ran:0:root home:3:advmod",
    "We:2:nsubj saw:0:root the:5:det old:5:amod house:2:obj .:2:punct",
    "She:2:nsubj reads:0:root books:2:obj",
    "The:2:det sun:3:nsubj rose:0:root",
    "They:2:nsubj like:0:root the:4:det sea:2:obj",
)


@pytest.fixture
def treebank(tmp_path):
    path = tmp_path / "trees.conllu"
    sentences = []
    for tree in TREES:
        rows = [word.rsplit(":", 2) for word in tree.split()]
        lines = [
            "\t".join([str(i), form, *"____", head, name, "_", "_"]) for i, (form, head, name) in enumerate(rows, 1)
        ]
        sentences.append("\n".join(lines) + "\n")
    path.write_text("\n".join(sentences))
    return path


@pytest.fixture(scope="module")
def model():
    return attnviz.load(n_layers=2, n_heads=3, d_model=12, seed=0)


# Repeated tokens


def test_repeat_prints_the_scores_of_loops(cli, model):
    ran = cli("probe", "repeat", *SMALL, "--length", "7", "--batch", "3", "--null", "2", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    ids = distinct_ids(np.arange(model.config.n_vocab), 7, 3, 0)
    sums = {}
    for row in ids:
        prepared, first = prepare_ids(model, np.concatenate([row, row]))
        assert (first, len(prepared.tokens)) == (0, 14)  # the built-in tokenizers add no special token
        weights = run_prepared(model, prepared, Request()).attention
        for place in np.ndindex(2, 3):
            for i in range(14):
                for name, j, counts in (
                    ("induction", i - 6, i >= 7),
                    ("duplicate", i - 7, i >= 7),
                    ("previous", i - 1, i >= 1),
                ):
                    if counts:
                        sums.setdefault((*place, name), []).append(float(weights[place][i, j]))
    for head in document["heads"]:
        for name in ("induction", "duplicate", "previous"):
            values = sums[head["layer"], head["head"], name]
            assert head[name] == pytest.approx(sum(values) / len(values), abs=1e-6)
    assert len(document["heads"]) == 6
    largest = [max(head[name] for name in ("induction", "duplicate", "previous")) for head in document["heads"]]
    assert largest == sorted(largest, reverse=True)


def test_z_compares_with_random_heads_of_the_layer(cli):
    flags = (*SIZES, "--length", "5", "--batch", "2")
    document = json.loads(cli("probe", "repeat", *flags, "--block-seed", "9", "--null", "3", "--json").out)
    assert document["null"]["seeds"] == [0, 1, 2]
    random = [
        json.loads(cli("probe", "repeat", *flags, "--block-seed", str(seed), "--null", "0", "--json").out)["heads"]
        for seed in range(3)
    ]
    for head in document["heads"]:
        values = [one["induction"] for heads in random for one in heads if one["layer"] == head["layer"]]
        mean = sum(values) / len(values)
        deviation = (sum((one - mean) ** 2 for one in values) / (len(values) - 1)) ** 0.5
        assert head["z"]["induction"] == pytest.approx((head["induction"] - mean) / deviation, rel=1e-5)


def test_the_null_of_random_weights_leaves_out_their_own_seed(cli):
    flags = (*SMALL, "--length", "5", "--batch", "1", "--null", "2", "--json")
    document = json.loads(cli("probe", "repeat", *flags).out)
    assert document["null"]["seeds"] == [1, 2]


def test_the_bundled_model_has_a_previous_token_head(cli):
    ran = cli("probe", "repeat", "--length", "20", "--batch", "2", "--null", "0", "--top", "2")
    lines = ran.out.splitlines()
    assert lines[0] == "model: tiny, 3 layers x 12 heads"
    assert lines[1] == "36 heads: 0 induction, 2 duplicate-token, 1 previous-token (0.4 or more)"
    assert lines[2] == "2 of 36 heads, largest score first; 20 random tokens twice, 2 texts (seed 0)"
    assert lines[4].split() == ["head", "induction", "duplicate", "previous"]
    assert lines[5].split()[0] == "L0H2"
    assert lines[6].split()[0] == "L2H9"


def test_random_tokens_of_a_vocabulary_are_ordinary_ones():
    tiny = attnviz.load()
    ids = ordinary_ids(tiny)
    pieces = {tiny.tokenizer.library.id_to_token(i) for i in ids.tolist()}
    assert not pieces & {"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"}
    assert {"cat", "##ing"} <= pieces
    prepared, first = prepare_ids(tiny, ids[:4])
    assert first == 1
    assert [token.special for token in prepared.tokens] == [True, False, False, False, False, True]
    assert prepared.source.ids.tolist() == [prepared.tokens[0].id, *ids[:4].tolist(), prepared.tokens[-1].id]


def test_the_order_and_the_number_of_heads_can_be_chosen(cli):
    flags = ("probe", "repeat", *SMALL, "--length", "5", "--batch", "1", "--null", "0")
    heads = json.loads(cli(*flags, "--sort", "previous", "--top", "2", "--json").out)["heads"]
    every = json.loads(cli(*flags, "--json").out)["heads"]
    assert [one["previous"] for one in heads] == sorted((one["previous"] for one in every), reverse=True)[:2]


# Syntax


def words_of(tree: str) -> list[tuple[str, int, str]]:
    rows = [word.rsplit(":", 2) for word in tree.split()]
    return [(form, int(head) - 1, name) for form, head, name in rows]


def predicted(matrix, word: int, *, column: bool) -> int:
    weights = {j: float(matrix[j, word] if column else matrix[word, j]) for j in range(len(matrix)) if j != word}
    return max(weights, key=lambda j: (weights[j], -j))


def test_syntax_prints_the_rates_of_loops(cli, treebank, model):
    ran = cli("probe", "syntax", "--treebank", treebank, *SMALL, "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert (document["sentences"], document["dev_sentences"], document["lost"]) == (8, 4, 0)
    assert document["treebank"] == "trees.conllu"
    attention = [attnviz.run(" ".join(form for form, _, _ in words_of(tree)), model=model).attention for tree in TREES]
    chosen = dev_part(8, 0.5, 0)

    def rate(relation, layer, head, direction, *, dev):
        found = [
            predicted(matrices[layer, head], i, column=direction == "head->dependent") == at
            for tree, matrices, one in zip(TREES, attention, chosen, strict=True)
            if one == dev
            for i, (_, at, name) in enumerate(words_of(tree))
            if at >= 0 and name != "punct" and relation in (EVERY, name)
        ]
        return sum(found) / len(found), len(found)

    relations = {one["relation"] for one in document["relations"]}
    assert {"nsubj", "det", "obj", EVERY} <= relations
    assert not relations & {"punct", "root"}
    for one in document["relations"]:
        place = one["layer"], one["head"], one["direction"]
        assert rate(one["relation"], *place, dev=True) == (pytest.approx(one["dev_rate"]), one["dev_count"])
        assert rate(one["relation"], *place, dev=False) == (pytest.approx(one["rate"]), one["count"])
        every = [
            rate(one["relation"], layer, head, direction, dev=True)[0]
            for direction in ("dependent->head", "head->dependent")
            for layer in range(2)
            for head in range(3)
        ]
        assert one["dev_rate"] == pytest.approx(max(every))


def test_pieces_of_a_word_count_together(cli, treebank):
    """A model whose tokenizer knows characters only finds what its words' sums and means say."""
    flags = ("--treebank", treebank, *SMALL, "--tokenizer", "char")
    document = json.loads(cli("probe", "syntax", *flags, "--json").out)
    model = attnviz.load(n_layers=2, n_heads=3, d_model=12, seed=0, tokenizer="char")
    (every,) = [one for one in document["relations"] if one["relation"] == EVERY]
    found = []
    for tree, dev in zip(TREES, dev_part(8, 0.5, 0), strict=True):
        if dev:
            continue
        forms = [form for form, _, _ in words_of(tree)]
        matrix = attnviz.run(" ".join(forms), model=model).attention[every["layer"], every["head"]]
        starts = [sum(len(form) + 1 for form in forms[:i]) for i in range(len(forms))]
        spans = [range(start, start + len(form)) for start, form in zip(starts, forms, strict=True)]
        words = np.array([[matrix[np.ix_(a, b)].sum(axis=1).mean() for b in spans] for a in spans])
        for i, (_, head, name) in enumerate(words_of(tree)):
            if head >= 0 and name != "punct":
                found.append(predicted(words, i, column=every["direction"] == "head->dependent") == head)
    assert every["rate"] == pytest.approx(sum(found) / len(found))
    assert every["count"] == len(found)


def test_workers_change_nothing(cli, treebank):
    flags = ("probe", "syntax", "--treebank", treebank, *SMALL, "--json")
    assert cli(*flags, "--workers", "2").out == cli(*flags, "--workers", "1").out


def test_syntax_on_a_screen(cli, treebank):
    ran = cli("probe", "syntax", "--treebank", treebank, "--least", "1")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0] == "model: tiny, 3 layers x 12 heads"
    assert "relations: a head beats the best fixed distance" in lines[1]
    assert lines[2] == "best heads of 4 sentences, scored on 4 others of trees.conllu"
    assert lines[4].split() == ["relation", "pairs", "head", "looks", "rate", "95", "%", "distance", "rate"]
    assert any(" -> " in line for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("width", [40, 60, 200])
def test_tables_fit_any_width(cli, treebank, width):
    for flags in (("repeat", *SMALL, "--length", "5"), ("syntax", "--treebank", treebank, "--least", "1")):
        ran = cli("probe", *flags, "--width", str(width))
        assert ran.code == 0
        assert max(map(len, ran.out.splitlines())) <= width


def test_subtypes_are_kept_apart_only_where_asked_for(cli, treebank):
    treebank.write_text(treebank.read_text().replace("\tobj\t", "\tobj:new\t"))
    flags = ("probe", "syntax", "--treebank", treebank, *SMALL, "--json")
    plain, apart = (
        {one["relation"]: one["label"] for one in json.loads(cli(*flags, *more).out)["relations"]}
        for more in ((), ("--subtypes",))
    )
    assert "obj" in plain
    assert "obj:new" not in plain
    assert "obj:new" in apart
    assert "object (new)" in apart["obj:new"]


def test_a_bad_sentence_stops_or_is_skipped(cli, treebank):
    treebank.write_text(treebank.read_text().replace("\tBirds\t", "\tBirds\tx\t"))
    ran = cli("probe", "syntax", "--treebank", treebank, *SMALL)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"attnviz: error: {treebank}, line 11: 11 columns; expected CoNLL-U, ten columns separated by tabs\n"
    )
    ran = cli("probe", "syntax", "--treebank", treebank, *SMALL, "--on-error", "skip", "--json")
    assert json.loads(ran.out)["sentences"] == 7
    assert f"{treebank}: 1 of 8 texts skipped" in ran.err


def test_a_sentence_that_is_too_long_names_an_option_that_there_is(cli, treebank):
    ran = cli("probe", "syntax", "--treebank", str(treebank), *SMALL, "--n-ctx", "3")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.endswith("expected at most 3\nhint: --on-error skip leaves it out\n")


def test_a_treebank_without_enough_pairs_says_what_shows_them(cli, treebank):
    command = ("probe", "syntax", "--treebank", str(treebank), *SMALL, "--width", "100")
    assert "no relation has 20 pairs or more: --least 1 shows all" in cli(*command).out
    assert "--least 1 shows all" not in cli(*command, "--least", "1").out


def test_a_treebank_may_come_from_a_pipe(cli, treebank):
    flags = (*SMALL, "--json")
    piped = json.loads(cli("probe", "syntax", "--treebank", "-", *flags, stdin=treebank.read_bytes()).out)
    read = json.loads(cli("probe", "syntax", "--treebank", treebank, *flags).out)
    assert piped.pop("treebank") == "standard input"
    assert read.pop("treebank") == "trees.conllu"
    assert piped == read


# Alignments

PAIRS = "the cat sat ||| die Katze\na dog ||| ein alter Hund\n\nbirds sing ||| sie singen\n"
GOLD = "0-0 1-1 2p1\n0-0 1-2\n\n0p0 1-1\n"


@pytest.fixture
def pairs(tmp_path):
    for name, text in (("pairs.txt", PAIRS), ("gold.txt", GOLD)):
        (tmp_path / name).write_text(text)
    return "--pairs", tmp_path / "pairs.txt", "--gold", tmp_path / "gold.txt"


def by_sets(model, *, earlier: bool) -> dict[tuple[int, int], tuple[float, float, float]]:
    """AER, precision and recall of each head, with sets of links."""
    rates = {}
    texts = [line.split(" ||| ") for line in PAIRS.splitlines() if line]
    gold = [line.split() for line in GOLD.splitlines() if line]
    runs = [attnviz.run(source, target=target, model=model).cross_attention for source, target in texts]
    for place in np.ndindex(2, 3):
        links, sure, possible = set(), set(), set()
        for k, (matrices, words) in enumerate(zip(runs, gold, strict=True)):
            for target in range(matrices.shape[2]):
                row = target - 1 if earlier else target
                if row >= 0:
                    links.add((k, int(np.argmax(matrices[place][row])), target))
            for word in words:
                link = (k, *map(int, word.replace("p", "-").split("-")))
                possible.add(link)
                if "-" in word:
                    sure.add(link)
        right = len(links & possible) / len(links), len(links & sure) / len(sure)
        rates[place] = (1 - (len(links & sure) + len(links & possible)) / (len(links) + len(sure)), *right)
    return rates


@pytest.mark.parametrize("row", ["input", "output"])
def test_align_prints_the_rates_of_sets(cli, pairs, row):
    ran = cli("probe", "align", *pairs, *SMALL, "--row", row, "--json")
    assert (ran.code, ran.err) == (0, "attnviz: note: " + str(pairs[1]) + ": skipped blank line 3\n")
    piped = cli("probe", "align", "--pairs", "-", *pairs[2:], *SMALL, "--row", row, "--json", stdin=PAIRS)
    assert piped == (0, ran.out, "attnviz: note: standard input: skipped blank line 3\n")
    document = json.loads(ran.out)
    model = attnviz.load(n_layers=2, n_heads=3, d_model=12, decoder=True)
    expected = by_sets(model, earlier=row == "output")
    found = {(one["layer"], one["head"]): (one["aer"], one["precision"], one["recall"]) for one in document["heads"]}
    assert found.keys() == expected.keys()
    for place, rates in found.items():
        assert rates == pytest.approx(expected[place], abs=1e-12)
    assert (document["pairs"], document["sure"], document["row"]) == (3, 5, row)
    assert [one["aer"] for one in document["heads"]] == sorted(one["aer"] for one in document["heads"])
    # By hand: the diagonal links (0,0) (2,1) | (0,0) (0,1) (1,2) | (0,0) (1,1): 4 sure ones, 6 possible ones of 7.
    assert document["diagonal"] == {
        "aer": pytest.approx(1 - (4 + 6) / (7 + 5)),
        "precision": pytest.approx(6 / 7),
        "recall": pytest.approx(4 / 5),
        "links": 7,
    }


def test_align_names_the_heads_of_a_decoder_that_has_others(cli, pairs):
    sizes = ("--decoder-layers", "3", "--decoder-heads", "2", "--decoder-d-head", "4")
    heads = json.loads(cli("probe", "align", *pairs, *SMALL, *sizes, "-q", "--json").out)["heads"]
    assert {(one["layer"], one["head"]) for one in heads} == set(np.ndindex(3, 2))
    assert len(heads) == 6


def test_align_on_a_screen_and_as_csv(cli, pairs):
    lines = cli("probe", "align", *pairs, *SMALL, "-q").out.splitlines()
    assert lines[0] == "model: random weights of seed 0, 2 layers x 3 heads: any pattern is chance"
    assert lines[1].startswith("best head: L")
    assert lines[2] == "cross-attention, the least error rate first; 3 pairs of sentences, 5 sure links"
    assert lines[4].split() == ["head", "AER", "precision", "recall", "links"]
    assert lines[11].split() == ["diagonal", "0.17", "0.86", "0.80", "7"]
    rows = list(csv.DictReader(io.StringIO(cli("probe", "align", *pairs, *SMALL, "-q", "--csv").out)))
    assert list(rows[0]) == ["layer", "head", "aer", "precision", "recall", "links"]
    assert len(rows) == 6


def test_the_csv_of_repeat_has_a_column_per_z(cli):
    flags = ("probe", "repeat", *SMALL, "--length", "5", "--batch", "1", "--null", "2", "--csv")
    rows = list(csv.DictReader(io.StringIO(cli(*flags).out)))
    assert list(rows[0])[2:] == ["induction", "duplicate", "previous", "induction_z", "duplicate_z", "previous_z"]
    assert len(rows) == 6


ERRORS = [
    (("repeat", "--length", "1"), 2, "usage: invalid value for '--length': 1 is not in the range x>=2"),
    (
        ("repeat", "--null", "1"),
        2,
        "null: one model of random weights has no spread; expected at least 2, or 0 for none",
    ),
    (("repeat", "--length", "300"), 2, "length: 602 tokens, and n_ctx is 512; expected at most 512"),
    (
        ("repeat", *SMALL, "--n-vocab", "9", "--length", "10"),
        2,
        "length: the vocabulary has 9 ordinary tokens; expected at most that many",
    ),
    (("repeat", "--json", "--csv"), 2, "json, csv: both are given; expected one of them"),
    (("syntax",), 2, "usage: missing option '--treebank'"),
    (
        ("syntax", "--treebank", "trees.conllu", "--dev-share", "1"),
        2,
        "dev-share: 1 is given; expected a share between 0 and 1",
    ),
    (
        ("syntax", "--treebank", "none.conllu"),
        3,
        "none.conllu: no such file; expected a treebank in CoNLL-U",
    ),
    (
        ("align", "--pairs", "pairs.txt", "--gold", "short.txt"),
        3,
        "pairs.txt, line 2: short.txt: it has no line 2; expected one for each pair of sentences",
    ),
    (
        ("align", "--pairs", "pairs.txt", "--gold", "long.txt"),
        3,
        "long.txt, line 5: there are 4 pairs; expected a pair for each line",
    ),
    (
        ("align", "--pairs", "pairs.txt", "--gold", "past.txt"),
        3,
        "pairs.txt, line 1: past.txt, line 1: 3-0 links a word past the last; expected numbers below 3 of source words "
        "and below 2 of target words, counted from 0",
    ),
    (
        ("align", "--pairs", "pairs.txt", "--gold", "gold.txt", "--model", "tiny"),
        3,
        "pairs.txt, line 1: tiny: these weights have no decoder; expected one for a target text",
    ),
]


def test_a_hint_names_the_flag_of_the_weights_seed(cli):
    ran = cli("probe", "repeat", *SIZES)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines()[1] == "hint: for random weights of that size give --block-seed 0 instead of a model"


@pytest.mark.parametrize(("words", "code", "message"), ERRORS, ids=[" ".join(words)[:50] for words, _, _ in ERRORS])
def test_errors(cli, treebank, pairs, words, code, message):
    folder = treebank.parent
    for name, text in (
        ("short.txt", "0-0\n"),
        ("long.txt", GOLD + "0-0\n"),
        ("past.txt", GOLD.replace("0-0 1", "3-0 1")),
    ):
        (folder / name).write_text(text)
    ran = cli("probe", *words)
    assert (ran.code, ran.out) == (code, "")
    errors = [line for line in ran.err.splitlines() if ": note: " not in line]
    assert errors[0] == f"attnviz: error: {message}"
