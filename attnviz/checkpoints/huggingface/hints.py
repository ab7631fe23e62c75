"""Why a folder cannot be read, and the command that makes one of it that can: another folder, nothing is overwritten.

The tests in ``tests/checkpoints/huggingface/test_hints.py`` run each command, those of other programs where installed.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.errors import AttnvizError, CheckpointError, brief, one_line

_QUANTISED = {"gptq": "GPTQ", "awq": "AWQ", "bitsandbytes": "bitsandbytes", "compressed-tensors": "scales"}
_PLAIN_SCALES = ("fp8", "fbgemm_fp8", "compressed-tensors", "modelopt")  # methods whose 8-bit weights are read
_NOT_PLAIN = ("pack-quantized", "marlin-24", "nvfp4-pack-quantized", "mxfp4-pack-quantized")  # of compressed-tensors
_TASKS = {  # of an adapter, to the class its base was loaded with
    "CAUSAL_LM": "AutoModelForCausalLM",
    "SEQ_CLS": "AutoModelForSequenceClassification",
    "TOKEN_CLS": "AutoModelForTokenClassification",
    "QUESTION_ANS": "AutoModelForQuestionAnswering",
}
_CLASSIFIER = re.compile(r"\.(classifier|score)(\.out_proj)?(\.modules_to_save\.\w+)?\.weight$")


def save_tokenizer(path: Path) -> str:
    """The command that writes a folder's tokenizer as ``tokenizer.json`` into another folder, and uses it.

    A folder without a vocabulary has no tokenizer to write: then what to add.
    """
    if not _has_vocabulary(path) and (path / "vocab.txt").exists():
        return "if its tokens are the matches of a regular expression: --tokenizer regex:PATTERN, with its vocab.txt"
    if not _has_vocabulary(path):
        return "add the tokenizer.json of the model that it was trained from, or give one: --tokenizer FILE"
    new = _beside(str(path), "tokenizer")
    made = _python(
        f"from transformers import AutoTokenizer; AutoTokenizer.from_pretrained({str(path)!r}).save_pretrained({new!r})"
    )
    from shlex import quote  # noqa: PLC0415 (start-up time)

    model, file = quote(str(path)), quote(f"{new}/tokenizer.json")
    return f'{made} && attnviz show "The cat sat" --model {model} --tokenizer {file}'


def _has_vocabulary(path: Path) -> bool:
    """Whether transformers can make a tokenizer of a folder's files; of none it makes an empty one."""
    several = ("vocab.json", "merges.txt")
    return any(path.glob("*.model")) or all((path / name).exists() for name in several)


def check_plain(where: str, settings: Mapping[str, Any]) -> None:
    """Refuses weights that ``config.json`` says are quantised, unless 8 bits and a scale are all.

    Raises:
        CheckpointError: they are.
    """
    quantised = settings.get("quantization_config")
    if quantised is None:
        return
    method = quantised.get("quant_method") if isinstance(quantised, dict) else None
    if method is None and isinstance(quantised, dict):
        method = "bitsandbytes" if {"load_in_8bit", "load_in_4bit"} & set(quantised) else None
    form = quantised.get("format") if isinstance(quantised, dict) else None
    if method in _PLAIN_SCALES and form not in _NOT_PLAIN:
        return
    by = f"by {_QUANTISED.get(str(method), brief(method))} " if method else ""
    raise CheckpointError(
        f"{where}: its weights are quantised {by}(quantization_config), which attnviz does not read; "
        "expected the model before that, in float32, float16 or bfloat16, or int8 or fp8 with scales"
    )


def check_no_adapter(path: Path) -> None:
    """Refuses a folder that holds an adapter (PEFT) and no model.

    Raises:
        CheckpointError: it does.
    """
    file = path / "adapter_config.json"
    if (path / "config.json").exists() or not file.is_file():
        return
    try:
        settings = json.loads(file.read_bytes())
        base = settings["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        settings, base = {}, None
    base = base if isinstance(base, str) and base else "BASE"
    class_name, new = _TASKS.get(str(settings.get("task_type")), "AutoModel"), _beside(str(path), "merged")
    labels = _number_of_labels(path)
    more = "" if labels is None else f", num_labels={labels}"
    merge = _python(
        f"from transformers import AutoTokenizer, {class_name} as M; from peft import PeftModel; "
        f"PeftModel.from_pretrained(M.from_pretrained({base!r}{more}), {str(path)!r}).merge_and_unload()"
        f".save_pretrained({new!r}); AutoTokenizer.from_pretrained({base!r}).save_pretrained({new!r})"
    )
    raise CheckpointError(
        f"{one_line(path)}: it is an adapter (PEFT) for {brief(base)}, not a model; "
        "expected a model with the adapter merged into it",
        hint=merge,
    )


def _number_of_labels(path: Path) -> int | None:
    """How many labels the classifier in an adapter has; None where there is none that can be read."""
    files = [file for end in ("safetensors", "bin") if (file := path / f"adapter_model.{end}").is_file()]
    try:
        shapes = open_tensors(files[0]).shapes if files else {}
    except AttnvizError:
        return None
    return next((shape[0] for name, shape in sorted(shapes.items()) if _CLASSIFIER.search(name) and shape), None)


def _beside(source: str, suffix: str) -> str:
    """A folder next to the given one, or of the name of the hub's model, that says what it holds."""
    if not os.path.isdir(source):
        return f"{source.rpartition('/')[2]}-{suffix}"
    name = os.path.basename(os.path.abspath(source))
    if source.rstrip("/") == ".":
        return os.path.join("..", f"{name}-{suffix}")
    return os.path.join(os.path.dirname(source.rstrip("/")), f"{name}-{suffix}")


def _python(program: str) -> str:
    """The command that runs a program of one line, quoted for a shell."""
    from shlex import quote  # noqa: PLC0415 (start-up time)

    quoted = quote(program) if set(program) & set('"$`\\!') else f'"{program}"'
    return one_line(f"python -c {quoted}")
