"""Names of Ollama's models, in a folder laid out as Ollama lays out its own."""

import json

import pytest

from attnviz.checkpoints.gguf.ollama import find_ollama
from attnviz.errors import AttnvizError, CheckpointError, InputError, UsageError

DIGEST = "sha256:" + "0a" * 32
MODEL, ADAPTER = "application/vnd.ollama.image.model", "application/vnd.ollama.image.adapter"


def layers(**digests):
    kinds = {"model": MODEL, "adapter": ADAPTER, "license": "application/vnd.ollama.image.license"}
    return {"layers": [{"mediaType": kinds[kind], "digest": digest, "size": 4} for kind, digest in digests.items()]}


@pytest.fixture
def ollama(tmp_path, monkeypatch):
    """The folder, and a function that adds a manifest to it."""
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / DIGEST.replace(":", "-")).write_bytes(b"GGUF")

    def add(place, content=None):
        path = tmp_path / "manifests" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(layers(license=DIGEST, model=DIGEST) if content is None else content))

    add("registry.example/library/smollm2/135m")
    add("registry.example/library/smollm2/latest")
    add("registry.example/someone/Tiny/latest")
    add("hf.example/owner/Model-GGUF/Q4_K_M")
    return tmp_path, add


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("smollm2:135m", "smollm2:135m"),
        ("smollm2", "smollm2:latest"),
        ("someone/tiny", "someone/Tiny:latest"),
        ("library/smollm2", "smollm2:latest"),
        ("hf.example/owner/Model-GGUF:Q4_K_M", "hf.example/owner/Model-GGUF:Q4_K_M"),
        ("owner/model-gguf:q4_k_m", "hf.example/owner/Model-GGUF:Q4_K_M"),
    ],
)
def test_a_name_leads_to_its_file_through_the_manifest(ollama, name, listed):
    assert find_ollama(f"ollama:{name}") == (ollama[0] / "blobs" / DIGEST.replace(":", "-"), listed)


def test_the_older_name_of_a_file_is_found_too(ollama):
    folder, _ = ollama
    blob = folder / "blobs" / DIGEST.replace(":", "-")
    blob.rename(folder / "blobs" / DIGEST)
    assert find_ollama("ollama:smollm2")[0] == folder / "blobs" / DIGEST


def test_without_the_variable_the_models_are_those_of_the_home_folder(ollama, monkeypatch):
    folder, _ = ollama
    home = folder / "home" / ".ollama"
    home.mkdir(parents=True)
    (home / "models").symlink_to(folder)
    monkeypatch.delenv("OLLAMA_MODELS")
    monkeypatch.setenv("HOME", str(folder / "home"))
    assert find_ollama("ollama:smollm2")[0].parent == home / "models" / "blobs"


ALL = "hf.example/owner/Model-GGUF:Q4_K_M, smollm2:135m, smollm2:latest, someone/Tiny:latest"
ERRORS = [
    (
        "smolm2:135m",
        InputError,
        f"ollama: no model smolm2:135m here; expected {ALL}",
        "did you mean ollama:smollm2:135m?",
    ),
    ("qwerty", InputError, f"ollama: no model qwerty here; expected {ALL}", "ollama pull qwerty"),
    (
        "other.example/owner/Model-GGUF:Q4_K_M",
        InputError,
        "ollama: no model other.example/",
        "did you mean ollama:hf.example/",
    ),
    (
        "",
        UsageError,
        "model: 'ollama:' is not a name of Ollama's; expected ollama:NAME or ollama:NAME:TAG",
        f"here are {ALL}",
    ),
    ("../../etc", UsageError, "model: 'ollama:../../etc' is not a name", "here are "),
    ("a/b/c/d", UsageError, "model: 'ollama:a/b/c/d' is not a name", "here are "),
    ("a:..", UsageError, "model: 'ollama:a:..' is not a name", "here are "),
    ("new\nline", UsageError, "model: 'ollama:new\\nline' is not a name", "here are "),
]


@pytest.mark.parametrize(("name", "kind", "message", "hint"), ERRORS, ids=[repr(name) for name, *_ in ERRORS])
def test_a_name_that_ollama_lacks_is_one_line_that_lists_what_is_there(ollama, name, kind, message, hint):
    with pytest.raises(kind) as caught:
        find_ollama(f"ollama:{name}")
    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "it is not a JSON object; expected a manifest of Ollama"),
        ({"layers": 3}, "it names no GGUF file; expected a manifest of Ollama that does"),
        (layers(license=DIGEST), "it names no GGUF file"),
        (layers(model="sha256:../../../etc/passwd"), "it names no GGUF file"),
    ],
)
def test_a_damaged_manifest_is_one_line(ollama, content, message):
    folder, add = ollama
    add("registry.example/library/bad/latest", content)
    with pytest.raises(CheckpointError) as caught:
        find_ollama("ollama:bad")
    assert str(caught.value).startswith(f"{folder / 'manifests/registry.example/library/bad/latest'}: {message}")


def test_a_model_with_an_adapter_is_refused_and_its_base_is_named(ollama):
    folder, add = ollama
    add("registry.example/library/tuned/latest", layers(model=DIGEST, adapter=DIGEST))
    with pytest.raises(
        CheckpointError, match="ollama: tuned:latest has an adapter, which attnviz does not apply"
    ) as caught:
        find_ollama("ollama:tuned")
    assert caught.value.hint == f"--model {folder / 'blobs' / DIGEST.replace(':', '-')} for its base"


@pytest.mark.parametrize(
    ("content", "fault"), [(b"", "it is empty"), (b"hello", "its first bytes are b'hell', not b'GGUF'")]
)
def test_a_file_that_is_not_gguf_is_one_line(ollama, content, fault):
    folder, _ = ollama
    blob = folder / "blobs" / DIGEST.replace(":", "-")
    blob.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        find_ollama("ollama:smollm2")
    assert str(caught.value) == f"{blob}: {fault}; expected a GGUF file"


def test_a_file_that_is_gone_is_one_line(ollama):
    _, add = ollama
    add("registry.example/library/gone/latest", layers(model="sha256:" + "1b" * 32))
    with pytest.raises(AttnvizError, match="no such file, which ollama:gone needs; expected it") as caught:
        find_ollama("ollama:gone")
    assert caught.value.hint == "ollama pull gone"


def test_a_folder_without_models_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"none has no models; expected those that Ollama has fetched"):
        find_ollama("ollama:smollm2")
