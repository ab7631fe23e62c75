"""How fast attnviz is, side by side with transformers and PyTorch, Matplotlib, BertViz, and the machine itself.

    python tests/benchmarks/run.py MODEL --torch PYTHON --docs

MODEL is a BERT-like model folder, PYTHON an interpreter with torch and transformers (which attnviz itself never needs).
What is compared runs in turn; the figures are medians. All parts take twelve minutes on two cores, which should have
nothing else to do. --docs writes the tables into attnviz/docs/speed.md; parts that do not run now keep the figures
of their last run, which are in tests/benchmarks/figures.json. Parts:

  sentence  one sentence to JSON: time and peak memory of whole processes, and the floor of any such program
  corpus    a file of sentences: heads and show --json, against PyTorch's best batch size and threads
  long      512 to 4096 tokens: time, peak memory, and the matrix products alone
  heatmap   144 heads to PNG, against one new Matplotlib figure a head
  startup   import, --help, --version and small runs, against importing typer
  forward   which part of the machine's own sgemm rate the forward pass reaches, one thread

Three more parts run only with --only, the last two for ten minutes each:

  gguf      one sentence with a GGUF file (--gguf) to JSON: wall time and peak memory; PYTHON has gguf too
  big       models of 1 and 3 billion parameters in bfloat16, layer 0 and all layers, against transformers; it writes
            7 GB of files, and transformers takes 13 GB of memory
  page      the HTML page in Chromium, against BertViz's pages of the same attention. It needs playwright (the extra
            browser) and CHROMIUM, the path of that program; PYTHON has bertviz too; FOLDER is the node_modules after
            npm install d3@5.7.0 jquery@2 requirejs@2.3.6, which BertViz's pages fetch from the network otherwise
"""

import argparse
import importlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import documentation
from machine import description, in_words, torch_versions
from processes import BenchmarkError, Settings, say
from results import Comparison, markdown_tables, screen_table

MODULES = {  # each has ``measure(settings)``; loaded when asked for, so that what measures stays small
    "sentence": "sentence",
    "corpus": "corpus",
    "long": "long_input",
    "heatmap": "heatmap",
    "startup": "startup",
    "forward": "forward",
    "gguf": "gguf_file",
    "big": "big",
    "page": "page",
}
UNASKED = tuple(name for name in MODULES if name not in ("gguf", "big", "page"))  # what runs without --only
NEED_MODEL = {"sentence", "corpus", "forward", "page"}
NEED_TORCH = {"sentence", "corpus", "long", "gguf", "big", "page"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the parts asked for; prints a table after each, and writes what was measured so far."""
    try:
        options = arguments().parse_args(argv)
        settings, parts, versions = checked(options)
        told = description(versions) | {"rounds": options.rounds}
        if told["machine"]["load"] > 0.5:
            say(f"note: the machine is busy (load {told['machine']['load']}); the figures will be those of a busy one")
        comparisons: list[Comparison] = []
        details = {}
        for part in parts:
            found = importlib.import_module(MODULES[part]).measure(settings)
            comparisons += found.comparisons
            details[part] = found.details
            print(f"{part}\n{screen_table(found.comparisons)}\n", flush=True)
            write(options, told | {"details": details}, comparisons)
            if options.docs:
                documentation.keep(part, found.comparisons, told)
                documentation.write_page()
        if options.plot:
            from plot import draw  # last: Matplotlib would count into what is measured after it

            draw(comparisons, options.plot)
    except (BenchmarkError, OSError) as error:
        print(f"run.py: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


class Arguments(argparse.ArgumentParser):
    """Whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise BenchmarkError(message)


def arguments() -> argparse.ArgumentParser:
    parser = Arguments(prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model folder")
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter with torch and transformers")
    parser.add_argument("--only", type=names, default=UNASKED, metavar="NAME,...", help="only these parts")
    parser.add_argument(
        "--rounds",
        type=positive,
        default=5,
        metavar="N",
        help="runs of each side; more of what is short, fewer of what is long [5]",
    )
    parser.add_argument("--sentences", type=positive, default=1000, metavar="N", help="of the corpus [1000]")
    parser.add_argument(
        "--tokens",
        type=lengths,
        default=(512, 2048, 4096),
        metavar="N,...",
        help="of the long texts [512,2048,4096]",
    )
    parser.add_argument("--gguf", metavar="FILE.gguf", help="a model in one file")
    parser.add_argument("--scripts", metavar="FOLDER", help="a node_modules with the scripts of BertViz's pages")
    parser.add_argument("--json", metavar="FILE", help="write all figures, with machine, versions and commit")
    parser.add_argument("--table", metavar="FILE", help="write a Markdown table")
    parser.add_argument("--docs", action="store_true", help="write the tables into attnviz/docs/speed.md")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the time of long texts")
    return parser


def names(text: str) -> tuple[str, ...]:
    """Parts, in the order in which they run."""
    given = text.split(",")
    for name in given:
        if name not in MODULES:
            raise argparse.ArgumentTypeError(f"{name!r} is no part; expected some of {', '.join(MODULES)}")
    return tuple(name for name in MODULES if name in given)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; expected 1 or more")
    return int(text)


def lengths(text: str) -> tuple[int, ...]:
    return tuple(sorted({positive(one) for one in text.split(",")}))


def checked(options: argparse.Namespace) -> tuple[Settings, Sequence[str], dict[str, str] | None]:
    """What the parts need, before anything is measured.

    Raises:
        BenchmarkError: something they need is not given, or not what it should be.
    """
    for part in options.only:
        if part in NEED_MODEL and options.model is None:
            raise BenchmarkError(f"MODEL: not given, and {part} needs it; expected a model folder")
        if part in NEED_TORCH and options.torch is None:
            raise BenchmarkError(f"--torch: not given, and {part} needs it; expected an interpreter with torch")
    if "gguf" in options.only and not (options.gguf and os.path.isfile(options.gguf)):
        raise BenchmarkError("--gguf: names no file, and gguf needs it; expected a GGUF file")
    chromium, scripts = browser(options) if "page" in options.only else (None, None)
    model = None if options.model is None else Path(options.model).resolve()
    if model is not None and not (model / "config.json").is_file():
        raise BenchmarkError(f"{options.model}: has no config.json; expected a model folder")
    if options.sentences < 2 and "corpus" in options.only:
        raise BenchmarkError("--sentences: 1 leaves nothing to time besides loading; expected 2 or more")
    if options.plot and "long" not in options.only:
        raise BenchmarkError("--plot: long is not among the parts; expected it in --only")
    for file in filter(None, (options.json, options.table, options.plot)):
        if not Path(file).resolve().parent.is_dir():
            raise BenchmarkError(f"{file}: its folder does not exist; expected an existing folder")
    # Absolute, but no links followed: a virtual environment's interpreter is a link.
    torch = options.torch and os.path.abspath(shutil.which(options.torch) or options.torch)
    versions = torch_versions(torch) if torch else None
    sizes = (options.rounds, options.sentences, options.tokens)
    gguf = options.gguf and os.path.abspath(options.gguf)
    return Settings(model and str(model), torch, *sizes, chromium, scripts, gguf), options.only, versions


def browser(options: argparse.Namespace) -> tuple[str, str]:
    """Chromium, and the scripts of BertViz's pages.

    Raises:
        BenchmarkError: one of them is not there.
    """
    chromium = os.environ.get("CHROMIUM", "")
    if not os.access(chromium, os.X_OK):
        raise BenchmarkError("CHROMIUM: names no program, and page needs it; expected a path such as /usr/bin/chromium")
    if options.scripts is None or not Path(options.scripts, "requirejs", "require.js").is_file():
        raise BenchmarkError("--scripts: page needs a node_modules with d3, jquery and requirejs; see --help")
    return chromium, os.path.abspath(options.scripts)


def write(options: argparse.Namespace, told: dict, comparisons: Sequence[Comparison]) -> None:
    """The files asked for, of what was measured so far."""
    if options.json:
        document = {"schema": "attnviz-benchmark/1", **told, "comparisons": [one.as_dict() for one in comparisons]}
        Path(options.json).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.table:
        Path(options.table).write_text(markdown_tables(comparisons, in_words(told)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
