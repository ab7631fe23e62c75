"""The real client of the hub, in processes of its own (it reads its variables once), against a small hub."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.huggingface import hub
from tests.checkpoints.huggingface.hub_server import Hub, Repository, commit, serve
from tests.noise import ROUNDING

CONFIG, SINGLE, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
TOKENIZER = {
    "tokenizer.json": b"t",
    "tokenizer_config.json": b"tc",
    "special_tokens_map.json": b"s",
    "added_tokens.json": b"a",
    "vocab.txt": b"v",
    "vocab.json": b"vj",
    "merges.txt": b"m",
    "target_vocab.json": b"tv",
    "generation_config.json": b"g",
}
OTHERS = {
    "README.md": b"r",
    "pytorch_model.bin": b"p",
    "onnx/model.onnx": b"o",
    "onnx/config.json": b"oc",
    "model.fp16.safetensors": b"f",
}
MODEL = {CONFIG: b"{}", SINGLE: b"weights", **TOKENIZER, **OTHERS}
SMALL = {CONFIG: b"{}", SINGLE: b"small weights"}


def index(*shards: str) -> bytes:
    return json.dumps({"weight_map": {f"tensor{i}": shard for i, shard in enumerate(shards)}}).encode()


SHARDED = {
    CONFIG: b"{ }",
    INDEX: index("model-1.safetensors", "model-2.safetensors", "model-1.safetensors"),
    "model-1.safetensors": b"1",
    "model-2.safetensors": b"2",
    "model-3.safetensors": b"3",
}
# Variables that change what the client does.
FOREIGN = re.compile(
    "(HF|HUGGING.*|TRANSFORMERS|TQDM|XDG|SSL)_.*|.*_PROXY|DISABLE_TELEMETRY|DO_NOT_TRACK", re.IGNORECASE
)
# Calls fetch for each list of arguments, and tells what came of it, one line each.
PROGRAM = """
import json, sys, time
from attnviz.checkpoints.huggingface import hub
from attnviz.errors import InputError
if sys.argv[2]:
    import resource
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), limits[1]))
for name, options in json.loads(sys.argv[1]):
    hub.PATIENCE = options.pop("patience", 60)  # so that a busy machine is not taken for a silent hub
    try:
        print(json.dumps({"folder": str(hub.fetch(name, **options))}), flush=True)
    except InputError as error:
        print(json.dumps({"message": str(error), "hint": error.hint, "exit": error.exit_code}), flush=True)
    except KeyboardInterrupt:
        print(json.dumps({"message": "Ctrl-C"}), flush=True)
if sys.argv[2]:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)  # what measures coverage writes when the program ends
import logging
from huggingface_hub import constants
from huggingface_hub.utils import are_progress_bars_disabled
changed = logging.root.manager.disable, are_progress_bars_disabled(), constants.HF_HUB_DISABLE_TELEMETRY
assert not any(changed), changed
"""


def start(hub: Hub, home: Path, *calls: tuple[str, dict], largest_file: str = "", **variables: str) -> subprocess.Popen:
    """A process that fetches."""
    return start_python(["-W", "error", "-c", PROGRAM, json.dumps(calls), largest_file], hub, home, **variables)


def start_python(arguments: list[str], hub: Hub, home: Path, **variables: str) -> subprocess.Popen:
    """A process; the client's variables are those given, and bars are shown even without a terminal."""
    environment = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)} | {
        "PYTHONPATH": str(Path(attnviz.__file__).parents[1]),
        "HOME": str(home / "user"),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
        "TQDM_POSITION": "-1",
        **variables,
    }
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen) -> tuple[list[dict], str]:
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    return [json.loads(line) for line in out.splitlines()], err


def fetch_all(hub: Hub, home: Path, *calls: tuple[str, dict], **options: str) -> list[dict]:
    """What came of each call; nothing may have been written to standard error, or to the user's folder."""
    results, err = finish(start(hub, home, *calls, **options))
    assert err == ""
    assert not (home / "user").exists()
    return results


def contents(result: dict) -> dict[str, bytes]:
    folder = Path(result["folder"])
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without(files: dict[str, bytes], *names: str) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name not in names}


def test_only_the_files_that_are_read_are_fetched(tmp_path):
    with serve({"owner/model": Repository({"main": MODEL})}) as hub:
        first, second = fetch_all(hub, tmp_path, ("owner/model", {}), ("owner/model", {}))
        assert first == second == {"folder": first["folder"]}
        assert Path(first["folder"]).name == commit(MODEL)
        assert contents(second) == without(MODEL, *OTHERS)
        assert hub.downloads("owner/model") == [CONFIG, *TOKENIZER, SINGLE]
        assert [path for _, path in hub.asked if "/resolve/" not in path] == ["/api/models/owner/model"] * 2


def test_a_mirror_may_list_files_apart_from_the_commit(tmp_path):
    with serve({"model": Repository({"main": MODEL}, siblings=False)}) as hub:
        (result,) = fetch_all(hub, tmp_path, ("model", {}))
    assert contents(result) == without(MODEL, *OTHERS)


def test_files_that_have_moved_are_followed(tmp_path):
    with serve({"model": Repository({"main": MODEL}, moved=True)}) as hub:
        (result,) = fetch_all(hub, tmp_path, ("model", {}))
    assert contents(result) == without(MODEL, *OTHERS)


def test_the_shards_of_an_index_are_fetched_and_no_others(tmp_path):
    both = SHARDED | SMALL
    with serve({"sharded": Repository({"main": SHARDED}), "both": Repository({"main": both})}) as hub:
        sharded, single = fetch_all(hub, tmp_path, ("sharded", {}), ("both", {}))
    assert contents(sharded) == without(SHARDED, "model-3.safetensors")
    assert contents(single) == SMALL


BIN = {CONFIG: b"{}", "pytorch_model.bin": b"p", "training_args.bin": b"t", "model.fp16.safetensors": b"f"}
BIN_INDEX = "pytorch_model.bin.index.json"
SHARDED_BIN = {
    CONFIG: b"{  }",
    BIN_INDEX: index("pytorch_model-1.bin", "pytorch_model-2.bin"),
    "pytorch_model-1.bin": b"1",
    "pytorch_model-2.bin": b"2",
    "pytorch_model-3.bin": b"3",
}


def test_files_of_pytorch_are_fetched_where_there_is_no_safetensors(tmp_path):
    models = {"single": Repository({"main": BIN}), "sharded": Repository({"main": SHARDED_BIN})}
    calls = [(name, {}) for name in models]
    with serve(models) as hub:
        single, sharded = fetch_all(hub, tmp_path, *calls)
        assert fetch_all(hub, tmp_path, *calls, HF_HUB_OFFLINE="1") == [single, sharded]
    assert contents(single) == without(BIN, "training_args.bin", "model.fp16.safetensors")
    assert contents(sharded) == without(SHARDED_BIN, "pytorch_model-3.bin")


def test_a_sentencepiece_model_is_fetched_where_there_is_no_tokenizer_json(tmp_path):
    pieces = {
        "spiece.model": b"s",
        "tokenizer.model": b"t",
        "source.spm": b"ss",
        "target.spm": b"ts",
        "vocab.txt": b"v",
    }
    models = {
        "older": Repository({"main": SMALL | pieces}),
        "both": Repository({"main": {CONFIG: b"{    }", SINGLE: b"w", "tokenizer.json": b"j"} | pieces}),
    }
    with serve(models) as hub:
        older, both = fetch_all(hub, tmp_path, ("older", {}), ("both", {}))
    assert contents(older) == SMALL | pieces
    assert set(contents(both)) == {CONFIG, SINGLE, "tokenizer.json", "vocab.txt"}


def test_a_variant_of_the_weights_is_fetched_in_their_place(tmp_path):
    files = MODEL | {
        "model.safetensors.index.8bit.json": index("model.8bit-1.safetensors"),
        "model.8bit-1.safetensors": b"8",
    }
    with serve({"model": Repository({"main": files})}) as hub:
        (half,) = fetch_all(hub, tmp_path / "a", ("model", {"variant": "fp16"}))
        (byte,) = fetch_all(hub, tmp_path / "b", ("model", {"variant": "8bit"}))
    assert contents(half) == {CONFIG: b"{}", **TOKENIZER, "model.fp16.safetensors": b"f"}
    assert set(contents(byte)) == {CONFIG, *TOKENIZER, "model.safetensors.index.8bit.json", "model.8bit-1.safetensors"}


def test_what_is_in_the_cache_is_not_fetched_again_and_needs_no_network(tmp_path):
    models = {"owner/model": Repository({"main": MODEL, "v2": SMALL}), "sharded": Repository({"main": SHARDED})}
    calls = [("owner/model", {}), ("owner/model", {"revision": "v2"}), ("sharded", {})]
    calls.append(("owner/model", {"revision": commit(MODEL)}))
    with serve(models) as hub:
        fetched = fetch_all(hub, tmp_path, *calls)
        hub.asked.clear()
        assert fetch_all(hub, tmp_path, *calls) == fetched
        assert [path.split("/")[1] for _, path in hub.asked] == ["api"] * len(calls)
        hub.asked.clear()
        assert fetch_all(hub, tmp_path, *calls, HF_HUB_OFFLINE="1") == fetched
        assert hub.asked == []
    assert fetch_all(hub, tmp_path, *calls) == fetched  # nobody answers any more


def test_a_cache_serves_while_the_hub_fails(tmp_path):
    repository = Repository({"main": SMALL})
    with serve({"model": repository}) as hub:
        fetched = fetch_all(hub, tmp_path, ("model", {}))
        repository.api_error = (503, None)
        assert fetch_all(hub, tmp_path, ("model", {})) == fetched


def test_a_cache_without_all_the_weights_is_not_enough(tmp_path):
    models = {"single": Repository({"main": SMALL}), "sharded": Repository({"main": SHARDED})}
    with serve(models) as hub:
        calls = [(name, {}) for name in models]
        fetched = fetch_all(hub, tmp_path, *calls)
        for result, name in zip(fetched, (SINGLE, "model-2.safetensors"), strict=True):
            Path(result["folder"], name).unlink()
        results = fetch_all(hub, tmp_path, *calls, HF_HUB_OFFLINE="1")
    assert [result["message"] for result in results] == [
        f"{name}: it is not a folder, not completely in the cache, and HF_HUB_OFFLINE is set; "
        "expected a model that was fetched before"
        for name in models
    ]


def test_a_revision_is_a_branch_or_a_commit_and_a_branch_can_move(tmp_path):
    branches = {branch: {CONFIG: b"{}"} | {SINGLE: branch.encode()} for branch in ("main", "v1.0", "refs/pr/1")}
    repository = Repository(dict(branches))
    hash_ = commit(branches["v1.0"])
    calls = [("model", {"revision": revision}) for revision in (None, "v1.0", "refs/pr/1", hash_)]
    with serve({"model": repository}) as hub:
        results = fetch_all(hub, tmp_path, *calls)
        repository.revisions["main"] = MODEL
        moved = fetch_all(hub, tmp_path, ("model", {}))
        assert fetch_all(hub, tmp_path, ("model", {}), HF_HUB_OFFLINE="1") == moved
    assert [contents(result)[SINGLE] for result in results] == [b"main", b"v1.0", b"refs/pr/1", b"v1.0"]
    assert contents(moved[0]) == without(MODEL, *OTHERS)


def test_a_token_is_sent_only_where_there_is_one(tmp_path):
    with serve({"model": Repository({"main": SMALL})}) as hub:
        fetch_all(hub, tmp_path / "without", ("model", {}))
        assert hub.tokens == {None}
        hub.tokens.clear()
        fetch_all(hub, tmp_path / "with", ("model", {}), HF_TOKEN="hf_secret")
        assert hub.tokens == {"Bearer hf_secret"}


def test_bars_are_shown_where_they_are_asked_for(tmp_path):
    with serve({"model": Repository({"main": SMALL})}) as hub:
        results, err = finish(start(hub, tmp_path, ("model", {"progress": True})))
    assert contents(results[0]) == SMALL
    assert "100%" in err
    assert "unauthenticated" not in err


# What is wrong with each model, the call's options, the message and the hint; HUB is the server's address.
REFUSED = {
    "owner/missing": (
        None,
        {},
        "no such folder, and no such model on HUB; expected a folder, or a model's id",
        "a private model needs HF_TOKEN",
    ),
    "owner/model/part": (
        None,
        {},
        "it is not a folder or a model's id; expected a folder, NAME or OWNER/NAME",
        "an id has letters, digits, '-', '_' and '.', at most 96 in all",
    ),
    "no\nid": (
        None,
        {},
        "it is not a folder or a model's id; expected a folder, NAME or OWNER/NAME",
        "an id has letters, digits, '-', '_' and '.', at most 96 in all",
    ),
    "owner/other": (
        Repository({"main": SMALL}),
        {"revision": "v9"},
        "it has no revision 'v9'; expected a branch, a tag or a full commit hash",
        "http://HUB/owner/other/tree/main shows them",
    ),
    "owner/gated": (
        Repository({"main": SMALL}, file_error=(403, "GatedRepo")),
        {},
        "HUB gives it only to those who accepted its licence; expected a token of such an account",
        "accept the licence at http://HUB/owner/gated, then set HF_TOKEN",
    ),
    "unauthorized": (
        Repository({"main": SMALL}, api_error=(401, None)),
        {},
        "HUB answers 401 (Unauthorized); expected the model's files",
        "set HF_TOKEN to a token that is valid there, or unset it for a public model",
    ),
    "forbidden": (
        Repository({"main": SMALL}, file_error=(403, None)),
        {},
        "HUB answers 403 (Forbidden); expected the model's files",
        "the token may not read this model",
    ),
    "busy": (
        Repository({"main": SMALL}, api_error=(429, None)),
        {},
        "HUB answers 429 (Too Many Requests); expected the model's files",
        "these were too many requests: try again later, or set HF_TOKEN",
    ),
    "broken": (
        Repository({"main": SMALL}, api_error=(500, None)),
        {},
        "HUB answers 500 (Internal Server Error); expected the model's files",
        "the fault is there: try again later",
    ),
    "broken-files": (  # a client that tried again would take too long
        Repository({"main": SMALL}, file_error=(500, None)),
        {},
        "HUB answers 500 (Internal Server Error); expected the model's files",
        "the fault is there: try again later",
    ),
    "teapot": (
        Repository({"main": SMALL}, api_error=(499, None)),
        {},
        "HUB answers 499 (an error); expected the model's files",
        "HF_ENDPOINT says which hub is asked",
    ),
    "late": (
        Repository({"main": SMALL}, silent=True),
        {"patience": 0.2},
        "it is not a folder, not completely in the cache, and HUB does not answer; expected a hub within reach",
        "without a hub: --model FOLDER, or tiny; the cache is CACHE; HF_ENDPOINT names another hub",
    ),
    "no-hub": (
        Repository({"main": SMALL}, api_error=(200, None)),
        {},
        "it cannot be fetched from HUB (its answer is not the description of a model); expected a model of a hub",
        None,
    ),
    "short": (
        Repository({"main": MODEL}, short=(SINGLE,)),
        {},
        "its download has not the size that HUB says; expected all its bytes",
        "try again",
    ),
    "dripping": (
        Repository({"main": SMALL}, drips=True),
        {"patience": 0.1},
        "it is not a folder, not completely in the cache, and HUB does not answer; expected a hub within reach",
        "without a hub: --model FOLDER, or tiny; the cache is CACHE; HF_ENDPOINT names another hub",
    ),
    "patient": (
        Repository({"main": SMALL}, file_error=(429, None), headers={"Retry-After": "3600"}),
        {},
        "HUB answers 429 (Too Many Requests); expected the model's files",
        "these were too many requests: try again later, or set HF_TOKEN",
    ),
    **{
        name: (
            Repository({"main": SMALL}, headers={header: value}),
            {},
            f"it cannot be fetched from HUB (its header {header} is {value}, which is not a hash); "
            "expected a model of a hub",
            None,
        )
        for name, header, value in (
            ("file-elsewhere", "ETag", '"../../../../elsewhere"'),
            ("linked-elsewhere", "X-Linked-ETag", "/elsewhere"),
            ("commit-elsewhere", "X-Repo-Commit", "../../../../elsewhere"),
        )
    },
    "other-content": (
        Repository({"main": SMALL}, headers={"X-Linked-ETag": "0" * 64}),
        {},
        "it cannot be fetched from HUB (the SHA-256 of config.json is not the one that it says); "
        "expected a model of a hub",
        None,
    ),
    "changing": (
        Repository({"main": SMALL}, headers={"X-Repo-Commit": "0" * 40}),
        {},
        "it cannot be fetched from HUB (config.json is of another commit: it changes meanwhile); "
        "expected a model of a hub",
        None,
    ),
    **{
        name: (
            Repository({"main": SMALL}, description=description),
            {},
            f"it cannot be fetched from HUB ({fault}); expected a model of a hub",
            None,
        )
        for name, description, fault in (
            ("list", b"[1]", "its answer is not the description of a model"),
            ("page", b"<html>", "its answer is not the description of a model"),
            (
                "numbers",
                b'{"_id": "1", "id": "a", "sha": "a", "siblings": [5]}',
                "its answer is not the description of a model",
            ),
            ("path", b'{"_id": "1", "id": "a", "sha": "../../a", "siblings": []}', "its answer has no commit"),
            ("endless", b"[" * (65 << 20), "its answer has more than 64 MB"),
        )
    },
    "configless": (
        Repository({"main": without(MODEL, CONFIG)}),
        {},
        "it has no config.json; expected a model of the transformers library",
        None,
    ),
    "gguf": (
        Repository({"main": {"model-Q4_K_M.gguf": b"GGUF"}}),
        {},
        "it has no config.json; expected a model of the transformers library",
        "it has GGUF files: download one, and give its path to --model",
    ),
    "weightless": (
        Repository({"main": {CONFIG: b"{}", "onnx/pytorch_model.bin": b"p"}}),
        {},
        "it has no weights; expected model.safetensors or pytorch_model.bin, or shards and their index",
        None,
    ),
    "variants": (
        Repository({"main": {CONFIG: b"{}", "model.fp16.safetensors": b"f", "pytorch_model.int8.bin": b"i"}}),
        {},
        "its weights are of a variant alone (fp16, int8); expected model.safetensors, or --variant",
        "--variant fp16",
    ),
    "variantless": (
        Repository({"main": MODEL}),
        {"variant": "bf16"},
        "it has no weights of the variant bf16; expected one that is there",
        "its weights are of fp16; without --variant it loads",
    ),
    "older": (
        Repository({"main": {CONFIG: b"{}", "tf_model.h5": b"h"}}),
        {},
        "it has tf_model.h5, which is not read; "
        "expected model.safetensors or pytorch_model.bin, or shards and their index",
        None,
    ),
    "original": (
        Repository({"main": {CONFIG: b"{}", "consolidated.safetensors": b"h"}}),
        {},
        "it has consolidated.safetensors, which is not read; "
        "expected model.safetensors or pytorch_model.bin, or shards and their index",
        "it has its maker's own names of tensors: download the files model*.safetensors of the same model",
    ),
    "shardless": (
        Repository({"main": {CONFIG: b"{}", INDEX: index("a.safetensors")}}),
        {},
        "its model.safetensors.index.json names a.safetensors, which is missing; expected all its shards",
        None,
    ),
}
# The same for what an index in the cache says.
BAD_INDEXES = {
    "outside": (
        index("../../blobs/a.safetensors"),
        "it names '../../blobs/a.safetensors', which is not a safetensors file in its folder",
    ),
    "pickled": (
        index("pytorch_model.bin"),
        "it names 'pytorch_model.bin', which is not a safetensors file in its folder",
    ),
    "mapless": (b"[]", "it has no weight_map"),
    "nameless": (b'{"weight_map": {"a": 1}}', "its weight_map is not an object of file names"),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    """What came of every call of the tables, with the address of the hub and the cache's folder left out."""
    models = {name: row[0] for name, row in REFUSED.items() if row[0]}
    for name, (data, _) in BAD_INDEXES.items():
        models[name] = Repository({"main": {CONFIG: b"{}", INDEX: data, "pytorch_model.bin": b"p"}})
    calls = [(name, row[1]) for name, row in REFUSED.items()] + [(name, {}) for name in BAD_INDEXES]
    home = tmp_path_factory.mktemp("home")
    with serve(models) as hub:
        results = fetch_all(hub, home, *calls)
        assert "pytorch_model.bin" not in [name for model in models for name in hub.downloads(model)]
    assert not list(home.rglob("elsewhere"))
    text = json.dumps(results).replace(hub.endpoint.removeprefix("http://"), "HUB")
    results = json.loads(text.replace(json.dumps(str(home / "hf" / "hub"))[1:-1], "CACHE"))
    return dict(zip([name for name, _ in calls], results, strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_fetched_is_refused_in_one_line(refusals, name):
    _, _, message, hint = REFUSED[name]
    where = name.replace("\n", "\\n")
    assert refusals[name] == {"message": f"{where}: {message}", "hint": hint, "exit": 3}


@pytest.mark.parametrize("name", BAD_INDEXES)
def test_an_index_that_names_anything_but_shards_beside_it_is_refused(refusals, name):
    where, _, rest = refusals[name]["message"].partition(f"/{INDEX}: ")
    assert where.startswith(f"CACHE/models--{name}/snapshots/")
    assert rest == f"{BAD_INDEXES[name][1]}; expected the index of a sharded model"


def test_a_hub_that_is_not_there_is_said_at_once_without_its_password(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody listens
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        (result,) = fetch_all(Hub({}, f"http://user:password@{host}"), tmp_path, ("model", {}))
    assert re.fullmatch(
        f"model: it is not a folder, not completely in the cache, and the connection to {host} fails "
        r"\(.*\); expected a hub within reach",
        result["message"],
    )
    assert result["exit"] == 3
    assert "password" not in str(result)


def test_variables_that_the_client_cannot_read_are_refused(tmp_path):
    results, _ = finish(start(Hub({}), tmp_path, ("model", {}), HF_HUB_ETAG_TIMEOUT="soon"))
    assert results[0]["message"] == (
        "huggingface_hub: it cannot be loaded (invalid literal for int() with base 10: 'soon'); "
        "expected it, and HF_ variables that it can read"
    )


def test_a_proxy_that_the_client_cannot_use_is_not_an_internal_error(tmp_path):
    results, err = finish(start(Hub({}, "http://127.0.0.1:9"), tmp_path, ("model", {}), ALL_PROXY="ftp://nowhere"))
    assert (results[0]["exit"], err) == (3, "")


def test_a_cache_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").touch()
    large = Repository({"main": SMALL | {SINGLE: bytes(20_000_000)}})  # beyond a limit that leaves coverage room
    with serve({"small": Repository({"main": SMALL}), "large": large}) as hub:
        (in_file,) = fetch_all(hub, tmp_path, ("small", {}), HF_HOME=str(tmp_path / "file"))
        (full,) = fetch_all(hub, tmp_path, ("large", {}), largest_file="10000000")
    expected = "expected room for the model"
    assert in_file["message"] == f"{tmp_path}/file/hub: it cannot be written to (Not a directory); {expected}"
    assert full["message"] == f"{tmp_path}/hf/hub: it cannot be written to (File too large); {expected}"
    assert in_file["hint"] == full["hint"] == "HF_HOME says where the cache is"
    assert list((tmp_path / "hf").rglob(SINGLE)) == []


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_is_not_taken_for_an_error_of_the_hub(tmp_path):
    with serve({"model": Repository({"main": SMALL}, silent=True)}) as hub:
        process = start(hub, tmp_path, ("model", {}))
        assert hub.arrived.wait(300)
        process.send_signal(signal.SIGINT)
        assert finish(process) == ([{"message": "Ctrl-C"}], "")


def test_a_model_of_the_hub_is_shown_as_its_folder_is(tmp_path):
    folder = Path(__file__).parents[1] / "golden" / "bert"
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".npz"}
    with serve({"owner/bert": Repository({"main": files})}) as hub:
        show = ["-W", "error", "-m", "attnviz", "show", "The dog", "--json", "--model", "owner/bert"]
        out, err = start_python(show, hub, tmp_path).communicate(timeout=300)
    assert err == ""
    document = json.loads(out)
    assert document["model"]["name"] == "owner/bert"
    expected = attnviz.run("The dog", model=attnviz.load(model=folder))
    np.testing.assert_allclose(document["attention"], expected.attention, atol=ROUNDING)


def test_a_file_that_the_hub_is_silent_about_is_not_waited_for_six_minutes():
    from huggingface_hub import file_download

    def longest():
        return getattr(file_download, "_ETAG_RETRY_TIMEOUT", 0)  # older versions try once

    before = longest()
    with hub._settings(progress=False):
        assert longest() <= hub.PATIENCE
    assert longest() == before
