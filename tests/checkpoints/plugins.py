"""Distributions that register model families, installed into a folder as pip leaves them."""

import json
import shutil
from itertools import count
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
FAMILY = """
from dataclasses import replace
from attnviz.checkpoints.huggingface.families import bert

FAMILY = replace(bert.FAMILY, name="Toy", classes="Toy", example="toys/toy-base")
NOT_ONE = {"name": "Toy"}
"""
_numbers = count()


def install(site: Path, entries: dict[str, str], source: str = FAMILY) -> str:
    """Installs a distribution of one module, ``toy-families``: the module, METADATA and entry_points.txt.

    Args:
        site: the folder to put on ``sys.path``.
        entries: attributes of the module by ``model_type``.
        source: of the module.

    Returns:
        the module's name, which no other call gives: Python keeps modules that it has imported.
    """
    about, module = site / "toy_families-1.2.dist-info", f"attnviz_toy_{next(_numbers)}"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-families\nVersion: 1.2\n")
    lines = [f"{model_type} = {module}:{attribute}" for model_type, attribute in entries.items()]
    (about / "entry_points.txt").write_text("\n".join(["[attnviz.families]", *lines]) + "\n")
    (site / f"{module}.py").write_text(source)
    return module


def toy_folder(folder: Path) -> Path:
    """The golden BERT with the ``model_type`` toy."""
    shutil.copytree(GOLDEN / "bert", folder)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "toy", "architectures": None}))
    return folder
