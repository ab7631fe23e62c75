"""The benchmark's own arithmetic, texts and refusals (``tests/benchmarks``); nothing here is timed."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import attnviz

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """Imports a module of the benchmark as ``run.py`` does, and forgets it afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.syspath_prepend(FOLDER / "children")
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(FOLDER) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def compare(module):
    results = module("results")

    def made(unit, ours, theirs, **more):
        sides = results.Samples("attnviz", ours), results.Samples("other", theirs)
        return results.Comparison("part", "a | thing", unit, *sides, **more)

    return made


@pytest.mark.parametrize(
    ("unit", "yardstick", "ratio", "text"),
    [
        ("s", False, 4, "4.00 times faster"),
        ("MB", False, 4, "4.00 times less"),
        ("sentences/s", False, 0.25, "4.00 times fewer"),
        ("ms", True, 0.25, "0.250 times as long"),
        ("Gflop/s", True, 0.25, "25% of it"),
    ],
)
def test_a_ratio_is_of_medians_and_says_who_is_ahead(compare, unit, yardstick, ratio, text):
    one = compare(unit, (9.0, 2.0, 1.0), (8.0, 0.5, 100.0), yardstick=yardstick)
    assert (one.ours.median, one.theirs.median) == (2, 8)
    assert one.ratio == ratio
    assert one.ratio_text() == text


def test_the_side_that_is_behind_is_told_so(compare):
    assert compare("s", (8.0,), (2.0,)).ratio_text() == "4.00 times slower"
    assert compare("MB", (8.0,), (2.0,)).ratio_text() == "4.00 times more"
    assert compare("sentences/s", (8.0,), (2.0,)).ratio_text() == "4.00 times more"


def test_a_side_that_failed_has_neither_median_nor_ratio(compare, module):
    one = compare("s", (), (3.0,), size=4096)
    assert one.ratio is None
    assert module("results").cells(one) == ("a | thing", "failed", "3.00 s (other)", "-", "")
    assert one.as_dict()["ours"] == {"name": "attnviz", "median": None, "values": []}


def test_goals_are_least_ratios_but_for_a_yardstick_of_time(compare):
    assert compare("s", (1.0,), (3.0,), goal=18).goal_text() == "at least 18"
    assert compare("Gflop/s", (1.0,), (3.0,), goal=0.6, yardstick=True).goal_text() == "at least 0.6"
    assert compare("ms", (1.0,), (3.0,), goal=1.3, yardstick=True).goal_text() == "at most 1.3"
    assert compare("s", (1.0,), (3.0,)).goal_text() == ""


def test_numbers_have_three_digits(module):
    number = module("results").number
    values = (0.0123, 0.2814, 0.9994, 0.9996, 4.304, 9.994, 9.996, 13.24, 99.94, 99.96, 407.6)
    told = "0.012 0.281 0.999 1.00 4.30 9.99 10.0 13.2 99.9 100 408"
    assert " ".join(map(number, values)) == told


def test_the_tables_hold_a_row_a_comparison(compare, module):
    rows = [compare("s", (0.5,), (6.6,), goal=18), compare("MB", (95.0,), (408.0,))]
    assert module("results").markdown_tables(rows, "2 cores").splitlines() == [
        "Medians; 2 cores.",
        "",
        "| part | attnviz | against | ratio |",
        "|---|---|---|---|",
        "| a \\| thing | 0.500 s | 6.60 s (other) | 13.2× faster |",
        "| a \\| thing | 95.0 MB | 408 MB (other) | 4.29× less |",
    ]
    assert module("results").screen_table(rows).splitlines() == [
        "           attnviz  against         ratio              goal",
        "a | thing  0.500 s  6.60 s (other)  13.2 times faster  at least 18",
        "a | thing  95.0 MB  408 MB (other)  4.29 times less",
    ]


def test_cpu_time_has_a_column_where_it_is_known(compare, module):
    results = module("results")
    sides = results.Samples("attnviz", (1.0, 3.0, 2.0)), results.Samples("other", (8.0,))
    rows = [compare("s", (0.5,), (1.0,), cpu=sides), compare("MB", (95.0,), (408.0,))]
    lines = results.markdown_table(rows, "part").splitlines()
    assert lines[0] == "| part | attnviz | against | ratio | CPU time |"
    assert lines[2:] == [
        "| a \\| thing | 0.500 s | 1.00 s (other) | 2.00× faster | 4.00× less |",
        "| a \\| thing | 95.0 MB | 408 MB (other) | 4.29× less |  |",
    ]
    assert compare("s", (1.0,), (2.0,), cpu=sides, yardstick=True).cpu_text() == "0.250 times as much"
    assert results.Comparison.of(json.loads(json.dumps(rows[0].as_dict()))) == rows[0]
    assert results.Comparison.of(json.loads(json.dumps(rows[1].as_dict()))) == rows[1]


def test_the_documentation_keeps_the_newest_figures_of_each_part(compare, module, tmp_path):
    documentation, machine = module("documentation"), module("machine")
    told = machine.description(None)
    page, figures = tmp_path / "speed.md", tmp_path / "figures.json"
    page.write_text("# Speed\n\nWords.\n\n## Figures\n\nOld.\n")
    documentation.keep("long", [compare("s", (7.0,), (8.0,))], told, figures=figures)
    documentation.keep("startup", [compare("s", (1.0,), (2.0,))], told, figures=figures)
    documentation.keep("long", [compare("s", (3.0,), (4.0,))], told, figures=figures)
    documentation.write_page(figures=figures, page=page)
    text = page.read_text()
    assert text.startswith("# Speed\n\nWords.\n\n## Figures\n\nMedians. ")
    assert "Old." not in text
    assert "7.00 s" not in text
    assert text.index("| startup |") < text.index("| long |")
    assert text.count(machine.in_words(told)) == 1
    documentation.write_page(figures=figures, page=page)
    assert page.read_text() == text


def test_the_page_of_figures_is_that_of_the_figures(module, tmp_path):
    documentation = module("documentation")
    stored = documentation.PAGE.read_text(encoding="utf-8")
    (tmp_path / "speed.md").write_text(stored, encoding="utf-8")
    documentation.write_page(page=tmp_path / "speed.md")
    assert (tmp_path / "speed.md").read_text(encoding="utf-8") == stored
    assert set(documentation.PARTS) == set(module("run").MODULES)


def test_the_corpus_leaves_loading_out_of_both_rates_and_takes_the_best_setting(module):
    corpus, processes = module("corpus"), module("processes")
    way = {"processes": 1, "threads": 1, "batch": 8}
    slow, best, written = (
        {**way, "json": json, "seconds": s, "cpu": 2 * s} for json, s in ((False, 8.0), (False, 5.0), (True, 10.0))
    )
    report = {"load": 4.0, "orjson": True, "settings": [slow, best, written]}
    one, many = processes.Ran(1.0, 90.0, cpu=2.0), processes.Ran(10.0, 99.0, cpu=14.0)
    runs = {"heads, one": [one], "heads, many": [many], "show, one": [one], "show, many": [many]}
    found = list(corpus.Corpus({**runs, "torch": [processes.Ran(30.0, 500.0, report)]}, 100).comparisons())
    assert [(c.unit, c.ours.median, c.theirs.median) for c in found] == [
        ("sentences/s", 11.0, 20.0),
        ("sentences/s", 11.0, 10.0),
        ("sentences/s", 11.0, 20.0),
        ("s", 10.0, 9.0),
        ("s", 10.0, 14.0),
        ("MB", 99.0, 90.0),
        ("MB", 99.0, 90.0),
    ]
    assert [c.theirs.name for c in found[:2]] == ["PyTorch at its best", "PyTorch at its best, orjson"]
    assert [c.cpu_text() for c in found[:2]] == ["1.20 times more", "1.67 times less"]


def test_figures_of_the_page_are_scaled_by_the_loop_and_held_against_budgets(module):
    page = module("page")
    figures = {"ready": [150.0], "head": [20.0], "hover": [10.0], "nodes": [900], "why": None}
    failed = {"ready": [], "head": [], "hover": [], "nodes": [], "why": "not ready within 120 s"}
    shown = {"attnviz": figures, page.HEAD: figures | {"ready": [1500.0]}, page.MODEL: failed, "loop_ms": 220.0}
    written = {"attnviz": {"file": 0.5, "write": 0.1}, page.HEAD: {"file": 50.0}, page.MODEL: {"file": 60.0}}
    found = page.compared(128, 1, written, shown)
    texts = {(one.what, one.theirs.name): (one.ours.median, one.ratio_text()) for one in found}
    ready = "128 tokens, ready: CPU of the main thread"
    assert texts[ready, page.HEAD] == (75.0, "10.0 times faster")  # this machine is half as fast as the reference
    assert texts[ready, page.MODEL] == (75.0, "-")
    assert texts[ready, "budget"] == (75.0, "0.250 times as long")
    assert texts["128 tokens, nodes", "budget"] == (900, "0.300 times as many")
    assert texts["128 tokens, size of the file", page.MODEL] == (0.5, "120 times less")
    assert len(found) == 3 * 5 + 1


def test_the_page_needs_a_browser_and_scripts(module, monkeypatch, tmp_path, capsys):
    (tmp_path / "config.json").write_text("{}")
    arguments = [str(tmp_path), "--torch", "/none", "--only", "page"]
    monkeypatch.delenv("CHROMIUM", raising=False)
    why = "CHROMIUM: names no program, and page needs it; expected a path such as /usr/bin/chromium"
    assert (module("run").main(arguments), capsys.readouterr().err) == (2, f"run.py: error: {why}\n")
    monkeypatch.setenv("CHROMIUM", sys.executable)
    why = "--scripts: page needs a node_modules with d3, jquery and requirejs; see --help"
    assert (module("run").main(arguments), capsys.readouterr().err) == (2, f"run.py: error: {why}\n")


def test_the_arithmetic_of_a_pass_is_that_of_its_products(module):
    texts, n, n_layers, n_heads, d_head, d_ff = 2, 3, 5, 7, 11, 13
    d_model = n_heads * d_head
    products = [(texts * n, d_model, d_model)] * 4 + [(texts * n, d_model, d_ff), (texts * n, d_ff, d_model)]
    products += [(n, d_head, n), (n, n, d_head)] * texts * n_heads
    expected = n_layers * sum(2 * rows * inner * columns for rows, inner, columns in products)
    assert module("products").flops(texts * n, n, n_layers, d_model, d_ff) == expected


def test_sentences_are_different_and_always_the_same_ones(module):
    sentences = module("texts").sentences
    thousand = sentences(1000)
    assert len(set(thousand)) == 1000
    assert thousand[:7] == sentences(7)
    assert thousand[503] == "The company promised to return most of the furniture on the way to school?"
    words = sorted(len(text.split()) for text in thousand)
    assert 3 <= words[0] < 8 < words[500] < 24 < words[-1] <= 35


def test_a_long_text_has_as_many_tokens_as_asked(module):
    tokenizer = attnviz.load(seed=0).tokenizer
    for n in (1, 7, 512, 4096):
        assert len(tokenizer.encode(module("texts").long_text(n), None, n_vocab=4096)) == n


def test_lengths_at_which_a_side_failed_are_not_drawn(compare, module, tmp_path):
    times = {11: ((1.0,), (2.0,)), 22: ((4.0,), ()), 44: ((16.0,), ())}
    results = [compare("s", *sides, size=n) for n, sides in times.items()]
    results = [module("dataclasses").replace(one, part="long") for one in results]
    plot = module("plot")
    assert plot.lines(results) == {"attnviz attnviz": {11: 1.0, 22: 4.0, 44: 16.0}, "other": {11: 2.0}}
    plot.draw(results, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_child_that_fails_is_one_line_with_what_it_said_last(module):
    processes = module("processes")
    for code, why in (
        ("raise ValueError('no such thing')", "failed with exit code 1 (ValueError: no such thing)"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL, perhaps for its memory"),
    ):
        with pytest.raises(processes.BenchmarkError, match="expected a run that succeeds") as caught:
            processes.measured(processes.python("-c", code))
        assert why in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_child_is_measured_and_its_report_read(module):
    processes = module("processes")
    command = processes.Command([sys.executable, "-c", "x = bytearray(10**8); print('[1]')"], reads=True)
    ran = processes.measured(command)
    assert ran.report == [1]
    assert 0 < ran.wall < 60
    assert ran.memory > 95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "MODEL: not given, and sentence needs it; expected a model folder"),
        (["."], "--torch: not given, and sentence needs it; expected an interpreter with torch"),
        ([".", "--torch", "/none"], ".: has no config.json; expected a model folder"),
        (
            ["--only", "long", "--torch", "/none"],
            "--torch /none: No such file or directory; expected a Python interpreter",
        ),
        (
            ["--only", "long", "--torch", "/bin/sh"],
            "--torch /bin/sh: it runs no Python; expected an interpreter with torch and transformers",
        ),
        (
            ["--only", "x"],
            "argument --only: 'x' is no part; expected some of sentence, corpus, long, heatmap, startup, forward, "
            "gguf, big, page",
        ),
        (["--rounds", "0"], "argument --rounds: '0' is no number; expected 1 or more"),
        (
            ["--only", "gguf", "--torch", "/none", "--gguf", "none.gguf"],
            "--gguf: names no file, and gguf needs it; expected a GGUF file",
        ),
        (["--only", "startup", "--plot", "a.png"], "--plot: long is not among the parts; expected it in --only"),
        (["--only", "startup", "--json", "none/a"], "none/a: its folder does not exist; expected an existing folder"),
    ],
)
def test_wrong_arguments_are_one_line(module, monkeypatch, tmp_path, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert module("run").main(arguments) == 2
    assert capsys.readouterr() == ("", f"run.py: error: {message}\n")


def test_an_interpreter_without_torch_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    command = [sys.executable, "-S", FOLDER / "run.py", tmp_path, "--torch", tmp_path / "python"]
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    (tmp_path / "python").chmod(0o755)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    why = "ModuleNotFoundError: No module named 'torch'; expected an interpreter with torch and transformers"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"run.py: error: --torch {tmp_path}/python: {why}\n"


def test_what_is_written_says_where_it_was_measured(module, compare, tmp_path):
    run, machine = module("run"), module("machine")
    options = run.arguments().parse_args(["--json", str(tmp_path / "a.json"), "--table", str(tmp_path / "a.md")])
    told = machine.description({"torch": "9.9", "transformers": "8.8"})
    run.write(options, told, [compare("s", (1.0,), (2.0,))])
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["schema"] == "attnviz-benchmark/1"
    assert document["comparisons"][0]["ratio"] == 2
    assert {"date", "commit", "machine", "versions", "torch_versions"} < document.keys()
    first = (tmp_path / "a.md").read_text().splitlines()[0]
    assert first == f"Medians; {machine.in_words(document)}."
    assert "PyTorch 9.9, transformers 8.8" in first
