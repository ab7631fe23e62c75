"""Distils the small encoder that attnviz carries from a BERT's first layers.

    python train.py TEXT_FOLDER TEACHER_FOLDER --work WORK_FOLDER --minutes 75
    python train.py TEXT_FOLDER TEACHER_FOLDER --work WORK_FOLDER --export MODEL_FOLDER

The same command goes on where it was stopped. ``README.md`` has the versions, the seeds and the time.
"""

import argparse
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import student as students
import text as texts
import torch
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

SAMPLES_A_POOL = 20_000
HIDDEN_WEIGHTS = (0.5, 0.5, 0.5, 0.1)  # after the embeddings and after each layer; nothing comes behind the last


@dataclass
class Setup:
    """What every part of a run needs."""

    teacher: students.Encoder
    student: students.Encoder
    tokenizer: Tokenizer
    corpus: texts.Corpus
    rows: Tensor
    device: torch.device

    def tensors(self, batch: texts.Batch) -> tuple[Tensor, Tensor]:
        """A batch's ids and segments where the models are."""
        ids, segments = (torch.from_numpy(a.astype(np.int64)) for a in (batch.ids, batch.segments))
        return ids.to(self.device), segments.to(self.device)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path, help="folder of .txt files")
    parser.add_argument("teacher", type=Path, help="model folder of a BERT")
    parser.add_argument("--work", type=Path, required=True, help="folder for the cache, checkpoints and the log")
    parser.add_argument("--minutes", type=float, default=75, help="time to train, which the learning rate follows")
    parser.add_argument("--tokens", type=float, help="instead of minutes: tokens to train on, which can be repeated")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate of new matrices")
    parser.add_argument("--copied-rate", type=float, default=4e-4, help="of matrices copied from the teacher")
    parser.add_argument("--tokens-a-batch", type=int, default=4096)
    parser.add_argument("--vocabulary", type=int, default=9216)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--export", type=Path, help="write the newest checkpoint as a model folder, and stop")
    parser.add_argument(
        "--evaluate", type=Path, help="write the newest checkpoint's divergence by head as JSON, and stop"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    setup = prepare(options)
    if options.export or options.evaluate:
        state = torch.load(options.work / "checkpoint.pt", weights_only=True, map_location=setup.device)
        setup.student.load_state_dict(state["student"])
        if options.export:
            print(f"{students.export(setup.student, setup.tokenizer, options.export):,} bytes of weights")
        if options.evaluate:
            options.evaluate.write_text(json.dumps(evaluate(setup, 4000), indent=1) + "\n")
        return
    train(setup, options)


def prepare(options: argparse.Namespace) -> Setup:
    """The teacher, the reduced tokenizer, the text as ids, and an empty student."""
    own = Tokenizer.from_file(str(options.teacher / "tokenizer.json"))
    own.no_truncation()
    own.no_padding()
    file = options.work / "tokenizer.json"
    if not file.exists():
        vocabulary = texts.reduced_vocabulary(own, options.text, options.vocabulary)
        file.write_text(texts.reduced_tokenizer(own, vocabulary).to_str(), encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(file))
    corpus = texts.read_corpus(options.text, tokenizer, options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    teacher = students.load_teacher(options.teacher, students.Sizes(0).num_hidden_layers).to(device)
    pieces = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    rows = torch.tensor([own.token_to_id(piece) for piece in pieces], device=device)
    student = students.Encoder(students.Sizes(len(pieces))).to(device)
    return Setup(teacher, student, tokenizer, corpus, rows, device)


def losses(setup: Setup, ids: Tensor, segments: Tensor) -> tuple[Tensor, Tensor]:
    """KL(teacher || student) by layer, in nats a row, and the hidden states' error as a share of their variance."""
    with torch.no_grad():
        weights, hidden = setup.teacher(setup.rows[ids], segments)
    own_weights, own_hidden = setup.student(ids, segments)
    special = (ids == texts.CLS) | (ids == texts.SEP)  # rows that readers look at less
    importance = 1.0 - 0.5 * special.float()
    divergence = [
        ((target.exp() * (target - own)).sum(-1).mean(1) * importance).sum() / importance.sum()
        for target, own in zip(weights, own_weights, strict=True)
    ]
    error = [(a - b).square().mean() / b.var() for a, b in zip(own_hidden, hidden, strict=True)]
    return torch.stack(divergence), torch.stack(error)


def train(setup: Setup, options: argparse.Namespace) -> None:
    """Trains from the newest checkpoint, or from the teacher, until the time or the tokens are used."""
    copied = [p for n, p in setup.student.named_parameters() if ".attention." in n or n.endswith("output.LayerNorm")]
    ids_of_copied = {id(p) for p in copied}
    fresh = [p for p in setup.student.parameters() if id(p) not in ids_of_copied]
    groups = [{"params": fresh, "most": options.rate}, {"params": copied, "most": options.copied_rate}]
    optimiser = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    run = Run(setup, optimiser, options)
    run.resume()
    stopped = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.append(True))
    with tqdm(total=1.0, unit="run", bar_format="{percentage:3.0f}%|{bar:20}| {elapsed}<{remaining} {postfix}") as bar:
        while run.done() < 1 and not stopped:
            run.step()
            bar.n = min(1.0, run.done())
            bar.set_postfix_str(f"{run.tokens / run.seconds:,.0f} tokens/s, KL {run.mean:.3f}", refresh=True)
    run.save()


class Run:
    """A run's state: where it stands in the text, in time, and what the optimiser remembers."""

    def __init__(self, setup: Setup, optimiser: torch.optim.Optimizer, options: argparse.Namespace):
        self.setup, self.optimiser, self.options = setup, optimiser, options
        self.file, self.log = options.work / "checkpoint.pt", options.work / "log.jsonl"
        self.pool, self.place, self.steps, self.tokens, self.seconds, self.mean = 0, 0, 0, 0, 1e-9, 0.0
        self.saved = self.checked = 0.0
        self.batches: list[texts.Batch] = []
        self.held = texts.pool(setup.corpus.held, 400, options.tokens_a_batch, options.seed)

    def resume(self) -> None:
        """Goes on from the checkpoint; without one the student starts from its teacher."""
        if self.file.exists():
            state = torch.load(self.file, weights_only=True, map_location=self.setup.device)
            self.setup.student.load_state_dict(state["student"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.__dict__.update(state["place"])
            self.saved = self.checked = self.seconds
            return
        batches = texts.pool(self.setup.corpus.kept, 1500, self.options.tokens_a_batch, self.options.seed)
        counts = np.bincount(np.concatenate([b.ids.ravel() for b in batches]), minlength=len(self.setup.rows))
        some = [self.setup.tensors(batch) for batch in batches]
        weights = torch.from_numpy(counts).float().to(self.setup.device)
        students.start_from(self.setup.student, self.setup.teacher, self.setup.rows, weights, some)
        self.check()
        error = students.fit_embeddings(
            self.setup.student, self.setup.teacher, self.setup.rows, weights, 3000, self.options.seed
        )
        print(f"embeddings fitted: {error:.3f} of the teacher's variance is missed")
        self.check()

    def done(self) -> float:
        """The share of the run that is over."""
        if self.options.tokens:
            return self.tokens / self.options.tokens
        return self.seconds / (60 * self.options.minutes)

    def step(self) -> None:
        """One batch."""
        if self.place == len(self.batches):
            self.batches = self._pool()
            self.place = 0
            self.pool += 1
        began = time.perf_counter()
        batch = self.batches[self.place]
        ids, segments = self.setup.tensors(batch)
        rate = min(1.0, (self.steps + 1) / 100) * 0.5 * (1 + np.cos(np.pi * min(1.0, self.done())))
        for group in self.optimiser.param_groups:
            group["lr"] = float(group["most"] * rate)
        divergence, error = losses(self.setup, ids, segments)
        loss = divergence.mean() + (error * torch.tensor(HIDDEN_WEIGHTS, device=error.device)).sum() * 0.2
        # A batch that remainders made smaller counts for less.
        (loss * min(1.0, ids.numel() / self.options.tokens_a_batch * 1.1)).backward()
        torch.nn.utils.clip_grad_norm_(self.setup.student.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.place, self.steps, self.tokens = self.place + 1, self.steps + 1, self.tokens + ids.numel()
        self.seconds += time.perf_counter() - began
        self.mean = float(divergence.detach().mean()) * 0.02 + self.mean * 0.98 if self.steps > 1 else float(loss)
        if self.seconds - self.checked > 240:
            self.check()
        if self.seconds - self.saved > 180:
            self.save()

    def _pool(self) -> list[texts.Batch]:
        seed = self.options.seed + 1000 * (self.pool + 1)
        return texts.pool(self.setup.corpus.kept, SAMPLES_A_POOL, self.options.tokens_a_batch, seed)

    @torch.no_grad()
    def check(self) -> None:
        """Writes a line of the log, with the divergence on text that is held out."""
        found, total = torch.zeros(2, max(len(HIDDEN_WEIGHTS), 4)), 0
        for batch in self.held:
            ids, segments = self.setup.tensors(batch)
            divergence, error = losses(self.setup, ids, segments)
            found[0, : len(divergence)] += divergence.cpu() * ids.numel()
            found[1, : len(error)] += error.cpu() * ids.numel()
            total += ids.numel()
        found /= total
        line = {
            "steps": self.steps,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "training": round(self.mean, 4),
            "held_out": [round(float(x), 4) for x in found[0, :-1]],
            "hidden": [round(float(x), 4) for x in found[1]],
        }
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        tqdm.write(json.dumps(line))
        self.checked = self.seconds

    def save(self) -> None:
        """Writes the checkpoint, whole or not at all."""
        place = {name: getattr(self, name) for name in ("pool", "steps", "tokens", "seconds", "mean")}
        # A resumed run takes its next pool from the start.
        state = {"student": self.setup.student.state_dict(), "optimiser": self.optimiser.state_dict(), "place": place}
        torch.save(state, self.file.with_suffix(".new"))
        self.file.with_suffix(".new").replace(self.file)
        self.saved = self.seconds


@torch.no_grad()
def evaluate(setup: Setup, n_samples: int) -> dict[str, object]:
    """By layer and head, on held-out text: the divergence from the teacher, and how often the strongest key agrees.

    Returns:
        ``kl`` (nats), ``jsd`` (bits) and ``top`` (share of rows), each [layer][head], and the number of rows.
    """
    total: dict[str, Tensor] = {}
    rows = 0
    for batch in texts.pool(setup.corpus.held, n_samples, 4096, seed=1):
        ids, segments = setup.tensors(batch)
        target = torch.stack(setup.teacher(setup.rows[ids], segments)[0])
        own = torch.stack(setup.student(ids, segments)[0])
        middle = ((target.exp() + own.exp()) / 2).clamp_min(1e-30).log()
        both = [(a.exp() * (a - middle)).sum(-1) for a in (target, own)]
        found = {
            "kl": (target.exp() * (target - own)).sum(-1),
            "jsd": (both[0] + both[1]) / 2 / np.log(2),
            "top": (target.argmax(-1) == own.argmax(-1)).float(),
        }
        for name, values in found.items():
            total[name] = total.get(name, torch.zeros(values.shape[0], values.shape[2])) + values.sum((1, 3)).cpu()
        rows += ids.numel()
    return {
        name: [[round(float(x), 4) for x in layer] for layer in values / rows] for name, values in total.items()
    } | {"rows": rows}


if __name__ == "__main__":
    main()
