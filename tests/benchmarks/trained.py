"""One sentence through a trained model to JSON: attnviz against transformers and PyTorch, side by side.

    python tests/benchmarks/trained.py MODEL --torch PYTHON

MODEL is a model folder, PYTHON an interpreter with torch and transformers (which attnviz itself never needs). Prints
the medians of wall time and of peak memory, of runs that alternate.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

TEXT = "The animal didn't cross the street because it was too tired."
WITH_TORCH = """
import json, sys, torch, transformers
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
model = transformers.AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager").eval()
with torch.no_grad():
    encoded = tokenizer(sys.argv[2], return_tensors="pt")
    attention = torch.stack(model(**encoded, output_attentions=True).attentions)[:, 0]
tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
json.dump({"tokens": tokens, "attention": attention.tolist()}, sys.stdout)
"""


def measured(command: Sequence[str]) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MB of one process."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"failed: {' '.join(command[:4])} ...")
    return wall, usage.ru_maxrss / 1024


def main() -> None:
    """Runs both in turn and prints the table's rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--torch", required=True, help="an interpreter with torch and transformers")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    commands = {
        "attnviz": [sys.executable, "-m", "attnviz", "show", TEXT, "--model", options.model, "--json"],
        "transformers": [options.torch, "-c", WITH_TORCH, options.model, TEXT],
    }
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(options.runs + 1):
        for name, command in commands.items():
            one = measured(command)
            if number:  # the first run fills the disk's cache
                runs[name].append(one)
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in runs.items()}
    for name, (wall, memory) in medians.items():
        print(f"{name:14s} {wall:6.2f} s  {memory:6.0f} MB")
    ours, theirs = medians["attnviz"], medians["transformers"]
    print(f"{'ratio':14s} {theirs[0] / ours[0]:6.1f}    {theirs[1] / ours[1]:6.1f}")


if __name__ == "__main__":
    main()
