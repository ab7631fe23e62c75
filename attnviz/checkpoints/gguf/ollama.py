"""Models of Ollama on this machine: the GGUF file that a name means, by the manifests in Ollama's folder.

Nothing is asked of a network: what Ollama has not fetched is not there.
"""

import os
import re
from difflib import get_close_matches
from pathlib import Path

from attnviz.checkpoints.formats.magic import check_gguf
from attnviz.checkpoints.huggingface.settings_file import read_object
from attnviz.errors import CheckpointError, InputError, UsageError, brief, one_line, some

OLLAMA = "ollama:"  # before a name
_TAG, _LIBRARY = "latest", "library"  # of a name that has none
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[0-9]+)?")
_DIGEST = re.compile(r"sha256[:-][0-9a-f]{64}")
_MODEL, _ADAPTER = "application/vnd.ollama.image.model", "application/vnd.ollama.image.adapter"
_SERVICE = Path("/usr/share/ollama/.ollama/models")  # where the service on Linux keeps them
_MANIFEST = "expected a manifest of Ollama"


def find_ollama(name: str) -> tuple[Path, str]:
    """The GGUF file of a name, and the model as Ollama lists it.

    Args:
        name: such as ``ollama:smollm2:135m``, ``ollama:hf.co/OWNER/NAME:Q4_K_M``, or ``ollama:llama3``, the latest.

    Raises:
        UsageError: the name is not one of Ollama's.
        InputError: Ollama has no such model, or its files are damaged.
    """
    folder, spelled = ollama_folder(), name.removeprefix(OLLAMA)
    model, host, tag = _parts(spelled)
    wanted = [part.lower() for part in (*model, tag)]  # Ollama takes either case
    found = [path for path in _manifests(folder) if [part.lower() for part in path.parts[-3:]] == wanted]
    if host is not None:
        found = [path for path in found if path.parts[-4].lower() == host.lower()]
    if not found:
        raise _missing(folder, spelled)
    manifest = next((path for path in found if path.parts[-3:] == (*model, tag)), found[0])
    layers = read_object(manifest, _MANIFEST).get("layers")
    digests = {
        layer.get("mediaType"): layer.get("digest")
        for layer in (layers if isinstance(layers, list) else ())
        if isinstance(layer, dict) and isinstance(layer.get("mediaType"), str)
    }
    digest = digests.get(_MODEL)
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise CheckpointError(f"{one_line(manifest)}: it names no GGUF file; {_MANIFEST} that does")
    if _ADAPTER in digests:
        raise CheckpointError(
            f"ollama: {_listed(manifest)} has an adapter, which attnviz does not apply; expected a model without one",
            hint=f"--model {one_line(_blob(folder, digest, spelled))} for its base",
        )
    return _blob(folder, digest, spelled), _listed(manifest)


def ollama_folder() -> Path:
    """Where Ollama keeps its models: ``OLLAMA_MODELS``, or a folder in the home folder."""
    given = os.environ.get("OLLAMA_MODELS")
    return Path(given) if given else Path("~/.ollama/models").expanduser()


def _parts(spelled: str) -> tuple[tuple[str, ...], str | None, str]:
    """The namespace and the name, the host or None, and the tag.

    Raises:
        UsageError: it is not a name.
    """
    path, colon, tag = spelled.rpartition(":")
    if not colon or "/" in tag:
        path, tag = spelled, _TAG
    parts = tuple(path.split("/"))
    names, host = (parts[1:], parts[0]) if len(parts) == 3 else (parts, None)
    valid = all(_PART.fullmatch(part) for part in (*names, tag)) and (host is None or _HOST.fullmatch(host))
    if len(parts) > 3 or not valid:
        present = _present(ollama_folder())
        raise UsageError(
            f"model: '{brief(OLLAMA + spelled)}' is not a name of Ollama's; expected ollama:NAME or ollama:NAME:TAG",
            hint=f"here are {some(present, 8)}" if present else None,
        )
    return (names if len(names) == 2 else (_LIBRARY, *names)), host, tag


def _manifests(folder: Path) -> list[Path]:
    """The manifests of a folder: hosts, namespaces, names, and a file for each tag."""
    try:
        return sorted(path for path in (folder / "manifests").glob("*/*/*/*") if path.is_file())
    except OSError:
        return []


def _listed(manifest: Path) -> str:
    """A model as Ollama lists it: without the usual host and namespace."""
    host, namespace, name, tag = manifest.parts[-4:]
    shown = [] if host.startswith("registry.") else [host]
    if shown or namespace != _LIBRARY:
        shown.append(namespace)
    return one_line("/".join([*shown, f"{name}:{tag}"]))


def _present(folder: Path) -> list[str]:
    return [_listed(path) for path in _manifests(folder)]


def _missing(folder: Path, spelled: str) -> InputError:
    present, pull = _present(folder), f"ollama pull {brief(spelled)}"
    if present:
        near = get_close_matches(spelled, present, n=1, cutoff=0.6)
        hint = f"did you mean {OLLAMA}{near[0]}?" if near else pull
        return InputError(f"ollama: no model {brief(spelled)} here; expected {some(present, 12)}", hint=hint)
    if _SERVICE.is_dir() and folder != _SERVICE:
        pull = f"OLLAMA_MODELS={_SERVICE} is the folder of Ollama's service"
    return InputError(f"ollama: {one_line(folder)} has no models; expected those that Ollama has fetched", hint=pull)


def _blob(folder: Path, digest: str, spelled: str) -> Path:
    """The file of a digest, in either of the ways that Ollama names it."""
    paths = [folder / "blobs" / digest.replace(":", sign) for sign in "-:"]
    for path in paths:
        if path.is_file():
            check_gguf(path)
            return path
    raise CheckpointError(
        f"{one_line(paths[0])}: no such file, which {OLLAMA}{brief(spelled)} needs; expected it",
        hint=f"ollama pull {brief(spelled)}",
    )
