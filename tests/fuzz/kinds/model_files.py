"""Model folders in which a file is missing, empty, cut, swapped with another, or not a file."""

import random

from tests.fuzz.case import Case
from tests.fuzz.material import mutated
from tests.fuzz.models import bert

_MORE = {"bert/special_tokens_map.json": b"{}", "bert/generation_config.json": b"{}", "bert/added_tokens.json": b"{}"}
_COMMANDS = (("show", "a cat", "--json"), ("models",), ("heads", "a"), ("weights", "convert", "-o", "new.safetensors"))


def draw(rng: random.Random) -> Case:
    """A command on a BERT, some of whose files are not as they were."""
    files, places = {**bert(), **_MORE}, {}
    for name in rng.sample(sorted(files), rng.choice((1, 1, 2, 3))):
        data = files.pop(name)
        how = rng.choice(
            ("missing", "empty", "cut", "swapped", "mutated", "folder", "pipe", "socket", "link", "loop", "moved")
        )
        if how in ("folder", "pipe", "socket"):
            places[name] = how
        elif how in ("link", "loop"):
            places[name] = f"link {'nothing' if how == 'link' else name.rpartition('/')[2]}"
        elif how == "moved":
            files[f"{name}.index.json"] = data
        elif how != "missing":
            other = rng.choice(sorted(files)) if how == "swapped" else name
            contents = {"empty": b"", "cut": data[: rng.randrange(len(data) + 1)], "swapped": files.get(other, b"")}
            files[name] = contents.get(how, data if how == "swapped" else mutated(rng, data))
    command, *more = rng.choice(_COMMANDS)
    model = ("bert",) if command == "models" else ("--model", "bert")
    return Case((command, *more, *model), files, places=places)
