"""What the figures were measured on: the machine, the versions, the commit, the day."""

import datetime
import json
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from processes import CORES, ROOT, BenchmarkError, environment

ASK = """
import json, sys
import torch, transformers
python = sys.version.split()[0]
print(json.dumps({"python": python, "torch": torch.__version__, "transformers": transformers.__version__}))
"""
PACKAGES = ("numpy", "matplotlib", "orjson", "tokenizers", "typer", "rich", "safetensors")


def torch_versions(interpreter: str) -> dict[str, str]:
    """Versions in the interpreter that has PyTorch.

    Raises:
        BenchmarkError: it is no interpreter, or one without torch and transformers.
    """
    try:
        asked = subprocess.run(
            [interpreter, "-c", ASK], capture_output=True, text=True, check=False, env=environment({})
        )
    except OSError as error:
        raise BenchmarkError(f"--torch {interpreter}: {error.strerror}; expected a Python interpreter") from error
    if asked.returncode:
        last = asked.stderr.strip().rpartition("\n")[2]
        why = last if re.match(r"\w+: ", last) and "Error" in last else "it runs no Python"
        raise BenchmarkError(f"--torch {interpreter}: {why}; expected an interpreter with torch and transformers")
    try:
        return json.loads(asked.stdout)
    except ValueError as error:
        raise BenchmarkError(
            f"--torch {interpreter}: it runs no Python; expected an interpreter with torch and transformers"
        ) from error


def description(torch: dict[str, str] | None) -> dict[str, object]:
    """Ready for JSON. The load tells whether the machine was busy when the run began."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--", "attnviz")),
        "machine": {
            "cpu": _cpu(),
            "cores": CORES,
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            "system": platform.platform(),
            "load": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "torch_versions": torch,
    }


def in_words(told: dict) -> str:
    """The description as half a sentence for a table."""
    machine, versions, torch = told["machine"], told["versions"], told["torch_versions"]
    parts = [f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']:.0f} GB"]
    parts.append(f"Python {versions['python']}, NumPy {versions['numpy']}")
    if torch:
        parts.append(f"PyTorch {torch['torch']}, transformers {torch['transformers']}")
    if told["commit"]:
        parts.append(f"commit {told['commit'][:9]}{' with changes' if told['changed'] else ''}, {told['date'][:10]}")
    return "; ".join(parts)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _git(*arguments: str) -> str | None:
    """What git says of this working tree; None where there is none."""
    try:
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
