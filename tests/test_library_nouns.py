"""Each command's library function returns what the command prints as JSON.

Several texts run in batches whose sizes need not be the command's, which changes the rounding on some processors.
"""

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.selection import Request
from attnviz.api.check import Tally
from attnviz.api.heads import heads_request
from attnviz.api.run import explanations
from attnviz.api.sweep import corpus, json_lines
from attnviz.cli.main import main
from attnviz.errors import InputError, OutputError, UsageError
from attnviz.model import save
from attnviz.output.documents.heads import heads_document
from attnviz.output.documents.results import dump, explanation_document, result_document
from attnviz.sweeps.corpus import Corpus
from tests.noise import equal_but_for_noise

TEXT = "The cat sat on the mat because the cat was tired"
SMALL = ("--n-layers", "2", "--n-heads", "3", "--d-model", "12", "--seed", "5")


@pytest.fixture
def printed(capsysbinary):
    def run(*argv):
        main([*argv, "--json"])
        return [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]

    return run


@pytest.fixture
def model():
    return attnviz.load(n_layers=2, n_heads=3, d_model=12, seed=5)


def test_heads_of_several_texts_equal_the_command(printed, model, tmp_path):
    texts = [TEXT, "A dog ran", "The end"]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts))
    flags = ("--where", "entropy > 0.1", "--sort", "-span", "--top", "4", "--ablation", "--null", "2")
    (expected,) = printed("heads", "--file", str(path), *SMALL, *flags, "--workers", "1")
    options = {"where": "entropy > 0.1", "sort": "-span", "top": 4, "ablation": True, "null": 2}
    for source in (texts, path, iter(texts)):
        report = attnviz.heads(source, model=model, **options)
        assert equal_but_for_noise(json.loads(dump(heads_document(report))), expected)
    assert report.labels.shape == (2, 3)
    assert len(report.places) == 4


def test_clusters_and_a_selection_equal_the_command(printed, model):
    (expected,) = printed("heads", TEXT, *SMALL, "--cluster", "-H", "0,2", "--columns", "entropy")
    report = attnviz.heads(TEXT, model=model, cluster=True, columns="entropy", request=heads_request(heads="0,2"))
    assert json.loads(dump(heads_document(report))) == expected


def test_heads_of_a_result_need_no_model(printed, model):
    (expected,) = printed("heads", TEXT, *SMALL)
    assert json.loads(dump(heads_document(attnviz.heads(attnviz.run(TEXT, model=model))))) == expected


def test_agreement_equals_the_command(printed, model):
    (expected,) = printed("heads", TEXT, *SMALL, "--agreement")
    r = attnviz.agreement(TEXT, model=model)
    assert json.loads(dump(r.as_dict())) == expected
    assert r.correlations.shape == (2, 3)


def test_check_equals_the_command(printed, model, tmp_path):
    conditions = ["max(entropy) < 2.5", "L1H2.previous >= 0.9"]
    that = [word for condition in conditions for word in ("--where", condition)]
    (expected,) = printed("check", TEXT, *SMALL, *that)
    (report,) = attnviz.check(TEXT, conditions, model=model)
    assert json.loads(dump(report.as_dict())) == expected
    assert not report.holds


def test_diff_equals_the_command(printed, model):
    (expected,) = printed("diff", TEXT, "The dog sat on the mat", *SMALL, "--top", "3", "--tolerance", "0.001")
    runs = [attnviz.run(text, model=model) for text in (TEXT, "The dog sat on the mat")]
    report = attnviz.diff(*runs)
    assert json.loads(dump(report.as_dict(top=3, tolerance=0.001))) == expected
    assert report.difference.jsd.shape == (2, 3)


def test_sweep_gives_the_results_of_show(printed, model, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(f"{TEXT}\nA dog ran\nThe cat sat\n")
    expected = printed("show", "--file", str(path), *SMALL, "--model-info")
    results = list(attnviz.sweep(path, model=model))
    assert equal_but_for_noise([json.loads(dump(result_document(result))) for result in results], expected)


def test_json_lines_are_the_lines_of_show(printed, model, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(f"{TEXT}\n \nA dog ran\n")
    expected = printed("show", "--file", str(path), *SMALL, "--top", "2", "--precision", "3", "--on-error", "skip")
    options = {"request": Request(), "top": 2, "precision": 3}
    lines = [json.loads(line) for line in json_lines(path, model=model, on_error="skip", **options)]
    assert equal_but_for_noise(lines, expected)
    assert [line["where"] for line in lines] == [f"{path}, line 1", f"{path}, line 3"]
    assert "where" not in json.loads(next(json_lines(path, model=model, **options)))


def test_explanations_equal_the_command(printed, model, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(f"{TEXT}\nThe cat sat\n")
    expected = printed("explain", "--file", str(path), *SMALL, "--query", "cat", "--layer", "1")
    explained = list(explanations(corpus(path, model=model), query="cat", layer=1))
    assert [json.loads(dump(explanation_document(one))) for one in explained] == expected
    assert [one.where for one in explained] == [f"{path}, line 1", f"{path}, line 2"]


def test_an_explanation_that_fails_names_its_text(model, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("The cat\nA dog\n")
    each = explanations(corpus(path, model=model), query="cat")
    next(each)
    with pytest.raises(UsageError, match=r"texts\.txt, line 2: query: no word"):
        next(each)


def test_a_tally_counts_texts_until_one_fails_that_nobody_reads(model):
    conditions = ["max(entropy) < 1"]
    reports = list(attnviz.check(["a", "a b c d e f g", "b"], conditions, model=model))
    assert [report.holds for report in reports] == [True, False, True]
    tally = Tally()
    assert list(tally.counted(reports, lambda: True)) == reports
    assert (tally.texts, tally.failed, tally.in_words()) == (3, 1, "1 of 3 texts fails")
    unread = Tally()
    assert list(unread.counted(reports, lambda: False)) == reports[:2]
    assert (unread.texts, unread.failed) == (2, 1)


@pytest.mark.parametrize(
    ("texts", "failed", "words"),
    [
        (1, 0, "0 of 1 text fails"),
        (1, 1, "1 of 1 text fails"),
        (3, 0, "0 of 3 texts fail"),
        (3, 2, "2 of 3 texts fail"),
    ],
)
def test_a_tally_in_words(texts, failed, words):
    tally = Tally()
    tally.texts, tally.failed = texts, failed
    assert tally.in_words() == words


@pytest.mark.parametrize("decoder", [True, False])
def test_a_saved_model_gives_the_same_attention(tmp_path, decoder):
    model = attnviz.load(n_layers=2, n_heads=3, d_model=12, seed=5, decoder=decoder)
    save(model, tmp_path / "saved.npz")
    again = attnviz.load(tmp_path / "saved.npz")
    assert again.has_decoder == model.has_decoder
    first, second = (attnviz.run(TEXT, model=one).attention for one in (model, again))
    np.testing.assert_array_equal(first, second)
    with pytest.raises(OutputError, match="exists"):
        save(model, tmp_path / "saved.npz")
    save(model, tmp_path / "saved.npz", overwrite=True)


def test_a_sweep_stops_at_a_bad_text_or_skips_it_with_a_note(model):
    notes = []
    with pytest.raises(InputError, match=r"^text 2: "):
        list(attnviz.sweep(["a cat", " ", "a dog"], model=model))
    results = list(attnviz.sweep(["a cat", " ", "a dog"], model=model, on_error="skip", note=notes.append))
    assert [result.text for result in results] == ["a cat", "a dog"]
    assert notes[-1] == "texts: 1 of 3 texts skipped"
    with pytest.raises(InputError, match="there are none"):
        list(attnviz.sweep([], model=model))


def test_workers_change_nothing(model):
    texts = [f"the cat number {i} sat" for i in range(300)]
    alone, shared = (attnviz.heads(texts, model=model, workers=n) for n in (1, 2))
    assert heads_document(alone) == heads_document(shared)


def test_heatmaps_write_the_files_of_the_command(model, tmp_path):
    assert main(["heatmap", TEXT, *SMALL, "-o", str(tmp_path / "a"), "-q", "--dpi", "40", "--no-words"]) == 0
    report = attnviz.heatmaps(attnviz.run(TEXT, model=model), tmp_path / "b", dpi=40)
    names = sorted(path.name for path in report.paths)
    assert names == sorted(path.name for path in (tmp_path / "a").glob("*.png"))
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    similar = attnviz.heatmaps(attnviz.run(TEXT, model=model), tmp_path / "c", by_similarity=True)
    assert [path.name for path in similar.paths] == ["similarity.png"]


def test_what_does_not_fit_is_refused(model):
    result = attnviz.run(TEXT, model=model)
    with pytest.raises(UsageError, match="results have run already"):
        attnviz.heads(result, model=model)
    with pytest.raises(UsageError, match="ablation: there is no model"):
        attnviz.heads(result, ablation=True)
    with pytest.raises(UsageError, match="cluster, sort"):
        attnviz.heads(result, cluster=True, sort="entropy")
    with pytest.raises(UsageError, match="norms and zeroing"):
        attnviz.agreement(result)


@pytest.mark.parametrize("of", [attnviz.heads, attnviz.agreement])
def test_no_text_at_all_is_refused(of):
    with pytest.raises(InputError, match="expected at least one"):
        of([])


def test_a_corpus_without_input_names_what_it_expects():
    with pytest.raises(UsageError, match="nothing to run on; expected texts, vectors or results"):
        next(Corpus(open_model=attnviz.load).values(Request(), str))
    with pytest.raises(UsageError, match="there is no model to run"):
        Corpus(texts="A cat").prepared()


def test_a_corpus_of_no_results_is_refused():
    empty = Corpus(results=lambda _: [])
    with pytest.raises(InputError, match="heads: there is no text"):
        attnviz.heads(empty)


def test_texts_and_results_are_not_mixed(model):
    result = attnviz.run(TEXT, model=model)
    for mixed in ([result, TEXT], [TEXT, result], [TEXT, 3]):
        with pytest.raises(UsageError, match="expected texts alone, or results alone"):
            corpus(mixed)


def test_plain_arguments_equal_the_command(printed, model):
    flags = ("--layer", "1", "--head", "0,2", "--hide-special", "--columns", "entropy,previous")
    options = {"layers": 1, "heads": (0, 2), "hide_special": True}
    report = attnviz.heads(TEXT, model=model, columns=["entropy", "previous"], **options)
    assert [json.loads(dump(heads_document(report)))] == printed("heads", TEXT, *flags, *SMALL)
    (checked,) = attnviz.check(TEXT, "max(entropy) < 9", model=model, **options)
    assert [json.loads(dump(checked.as_dict()))] == printed(
        "check", TEXT, "--where", "max(entropy) < 9", *flags[:5], *SMALL
    )


def test_a_sweep_takes_the_options_of_run(model):
    options = {"layers": "0", "heads": 2, "values": "norms", "reduce": "none", "hide_special": True, "words": True}
    (result,) = attnviz.sweep([TEXT], model=model, **options)
    expected = attnviz.run(TEXT, model=model, **options)
    assert result.attention.shape == (1, 1, *expected.attention.shape[2:])
    np.testing.assert_allclose(result.attention, expected.attention, rtol=1e-5)


def test_agreement_of_one_layer_is_that_layer_of_all(model):
    every = attnviz.agreement(TEXT, model=model)
    one = attnviz.agreement(TEXT, model=model, layers=1)
    np.testing.assert_allclose(one.correlations, every.correlations[1:], rtol=1e-5)


def test_plain_arguments_keep_the_cross_attention_of_a_target():
    model = attnviz.load(n_layers=2, n_heads=3, d_model=12, seed=5, decoder=True)
    report = attnviz.heads("The cat sat", target="le chat", model=model, layers=0)
    assert (report.attention.kind, report.metrics.layers) == ("cross", (0,))


@pytest.mark.parametrize(
    "of",
    [
        lambda **given: attnviz.heads(TEXT, **given),
        lambda **given: attnviz.check(TEXT, "max(entropy) < 9", **given),
        lambda **given: attnviz.agreement(TEXT, **given),
        lambda **given: attnviz.sweep([TEXT], **given),
    ],
)
def test_a_request_and_plain_arguments_are_one_or_the_other(of, model):
    with pytest.raises(UsageError, match="request: layers, heads or other options are given too"):
        of(model=model, request=Request(), layers=1)


def test_formats_of_pictures_are_a_text_or_a_list(model, tmp_path):
    result = attnviz.run(TEXT, model=model, layers=0, heads=0)
    paths = attnviz.heatmaps(result, tmp_path / "list", formats=["png", "svg"]).paths
    again = attnviz.heatmaps(result, tmp_path / "text", formats="png,svg").paths
    assert [path.name for path in paths] == [path.name for path in again]
    assert {path.suffix for path in paths} == {".png", ".svg"}
    with pytest.raises(UsageError, match="'gif' is not known"):
        attnviz.heatmaps(result, tmp_path / "wrong", formats=["gif"])
