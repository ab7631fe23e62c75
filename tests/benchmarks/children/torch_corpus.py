"""A file of sentences with transformers and PyTorch at their best: ``torch_corpus.py MODEL FILE CORES``.

Loads once, then times each way: in one process with one thread, in one with a thread a core, and in a process a core
with one thread each. Texts are sorted by length, and of several batch sizes each way has the one that is quickest on a
quarter of them. What is wanted is attention, so it is eager attention, in inference mode; tokenizing counts, loading
does not. Prints JSON: seconds of loading, and seconds and CPU seconds of each way.
"""

import json
import os
import sys
import time

STARTED = time.perf_counter()

import numpy as np  # noqa: E402 (after the clock, as all that is loaded)
import torch  # noqa: E402
import transformers  # noqa: E402

try:
    import orjson
except ImportError:
    orjson = None

BATCHES = (1, 8, 16, 32, 64)


def as_json(tokens: list[str], attention: np.ndarray) -> bytes:
    """One text's line; attention is (n_layers, n_heads, n, n)."""
    if orjson is None:
        return json.dumps({"tokens": tokens, "attention": attention.tolist()}).encode()
    return orjson.dumps({"tokens": tokens, "attention": attention}, option=orjson.OPT_SERIALIZE_NUMPY)


def run(model, tokenizer, texts: list[str], batch: int, out) -> None:
    """All texts, near lengths together; JSON of each into ``out`` unless that is None."""
    ids = tokenizer(texts)["input_ids"]
    ids.sort(key=len)
    for start in range(0, len(ids), batch):
        some = ids[start : start + batch]
        width = len(some[-1])
        filled = torch.tensor([one + [tokenizer.pad_token_id] * (width - len(one)) for one in some])
        mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in some])
        attentions = model(input_ids=filled, attention_mask=mask, output_attentions=True).attentions
        if out is None:
            continue
        for row, one in enumerate(some):
            n = len(one)
            attention = torch.stack([layer[row, :, :n, :n] for layer in attentions]).numpy()
            out.write(as_json(tokenizer.convert_ids_to_tokens(one), attention) + b"\n")


def timed(model, tokenizer, texts: list[str], setting: dict) -> dict:
    """The setting with its seconds; several processes are forks of this one, each with its share of the texts."""
    torch.set_num_threads(setting["threads"])
    shares = [texts[i :: setting["processes"]] for i in range(setting["processes"])]
    with open(os.devnull, "wb") as null, torch.inference_mode():
        out = null if setting["json"] else None
        start, cpu = time.perf_counter(), sum(os.times()[:4])
        if len(shares) == 1:
            run(model, tokenizer, texts, setting["batch"], out)
        else:
            forked = [fork(run, model, tokenizer, share, setting["batch"], out) for share in shares]
            for process in forked:
                if os.waitpid(process, 0)[1]:
                    raise SystemExit("a process failed")
        return {**setting, "seconds": time.perf_counter() - start, "cpu": sum(os.times()[:4]) - cpu}


def fork(work, *arguments) -> int:
    """Does the work in a new process, whose id it returns."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        work(*arguments)
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """Several processes first: forking is safe only before PyTorch has threads."""
    folder, file, cores = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    load = time.perf_counter() - STARTED
    with open(file, encoding="utf-8") as lines:
        texts = lines.read().splitlines()
    with torch.inference_mode():
        run(model, tokenizer, texts[:64], 8, None)  # what is made at the first call
    ways = [(1, 1)] if cores == 1 else [(cores, 1), (1, 1), (1, cores)]
    found = []
    for processes, threads in ways:
        way = {"processes": processes, "threads": threads}
        some = texts[:: max(1, min(4, len(texts) // 64))]
        trials = [timed(model, tokenizer, some, {**way, "batch": batch, "json": False}) for batch in BATCHES]
        way["batch"] = min(trials, key=lambda one: one["seconds"])["batch"]
        found += [timed(model, tokenizer, texts, {**way, "json": json}) for json in (False, True)]
    json.dump({"load": load, "orjson": orjson is not None, "settings": found}, sys.stdout)


if __name__ == "__main__":
    main()
