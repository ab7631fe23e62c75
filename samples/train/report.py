"""What a run came to: its curves as a picture, and the divergence by head as a table for the model card.

python report.py WORK_FOLDER EVALUATION.json --picture curve.png
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="the run's folder")
    parser.add_argument("evaluation", type=Path, help="what train.py --evaluate wrote")
    parser.add_argument("--picture", type=Path, required=True)
    options = parser.parse_args()
    lines = [json.loads(line) for line in (options.work / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    draw([line for line in lines if line["tokens"]], options.picture)
    print(table(json.loads(options.evaluation.read_text(encoding="utf-8"))))


def draw(lines: list[dict], path: Path) -> None:
    """The divergence on held-out text by layer, and on the text trained on."""
    figure, axes = plt.subplots(figsize=(8, 4), dpi=100, layout="constrained")
    millions = [line["tokens"] / 1e6 for line in lines]
    for layer in range(len(lines[0]["held_out"])):
        axes.plot(millions, [line["held_out"][layer] for line in lines], marker=".", label=f"layer {layer}, held out")
    axes.plot(millions, [line["training"] for line in lines], "k:", label="mean of layers, text trained on")
    axes.set(xlabel="million tokens", ylabel="KL from the teacher, nats a row", yscale="log")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(loc="upper right")
    figure.savefig(path, metadata={"Software": None})


def table(found: dict) -> str:
    """Markdown: a row a head."""
    rows = ["| head | KL (nats) | JSD (bits) | same strongest key |", "|---|---|---|---|"]
    for layer, heads in enumerate(found["kl"]):
        for head, divergence in enumerate(heads):
            jsd, top = found["jsd"][layer][head], found["top"][layer][head]
            rows.append(f"| L{layer}H{head} | {divergence:.3f} | {jsd:.3f} | {top:.0%} |")
    for layer in range(len(found["kl"])):
        kl, jsd, top = (sum(found[name][layer]) / len(found[name][layer]) for name in ("kl", "jsd", "top"))
        rows.append(f"| **layer {layer}, mean** | {kl:.3f} | {jsd:.3f} | {top:.0%} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
