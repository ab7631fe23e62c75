"""Writes llama_cpp.json: what llama.cpp itself computes of the golden folders' GGUF files.

Of decoders the likeliest next tokens with the logarithms of their probabilities, of encoders the first token's vector.
Needs ``pip install xllamacpp gguf safetensors`` (made with xllamacpp 2026.10.11549); in the root: ``python -m
tests.checkpoints.gguf.make_llama_cpp``. Each model runs in a process of its own.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import xllamacpp

from tests.checkpoints.gguf.for_llama_cpp import EMBEDDINGS, LEFT_OUT, write_for_llama_cpp
from tests.checkpoints.gguf.recipes import RECIPES

MOST = 5


def computed(name: str) -> dict:
    recipe = next(recipe for recipe in RECIPES if f"{recipe.architecture} {recipe.folder}" == name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        ids = write_for_llama_cpp(recipe, path).tolist()
        params = xllamacpp.CommonParams()
        params.model.path, params.n_ctx, params.n_gpu_layers, params.n_parallel = str(path), 64, 0, 1
        params.cpuparams.n_threads, params.warmup = 1, False
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        if recipe.architecture in EMBEDDINGS:
            params.embedding, params.embd_normalize = True, 2
            params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_CLS
            answer = xllamacpp.Server(params).handle_embeddings({"input": ids})
            return {"vector": [round(number, 5) for number in answer["data"][0]["embedding"]]}
        request = {"prompt": ids, "max_tokens": 1, "logprobs": MOST, "temperature": 0, "samplers": []}
        answer = xllamacpp.Server(params).handle_completions(request)
        likeliest = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        return {"next": {str(one["id"]): round(one["logprob"], 5) for one in likeliest}}


def main() -> None:
    names = [f"{recipe.architecture} {recipe.folder}" for recipe in RECIPES if recipe.folder not in LEFT_OUT]
    found = {}
    for name in names:
        command = [sys.executable, "-m", "tests.checkpoints.gguf.make_llama_cpp", name]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in answer.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise SystemExit(f"{name}: {answer.stderr[-2000:]}{answer.stdout[-500:]}")
        found[name] = json.loads(lines[-1])
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
    Path(__file__).with_name("llama_cpp.json").write_text(f"{{\n{text}\n}}\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(computed(sys.argv[1])), flush=True)
    else:
        main()
