"""Models of the Hugging Face hub: the files that attnviz reads, through the hub's own client, cache and variables."""

import errno
import logging
import os
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from http.client import responses
from importlib import import_module
from pathlib import Path
from typing import Any

from attnviz.checkpoints.formats.shards import shard_names
from attnviz.checkpoints.huggingface.storage.weight_files import is_index, missing_weights, weight_names, weights_name
from attnviz.checkpoints.huggingface.tokenizer import SENTENCEPIECE_FILES
from attnviz.errors import AttnvizError, CheckpointError, InputError, brief, one_line

PATIENCE = 5.0  # seconds in which a hub has to answer, unless HF_HUB_ETAG_TIMEOUT says otherwise

_CONFIG = "config.json"
_TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "target_vocab.json",
    "generation_config.json",
)
_PIECES = (*SENTENCEPIECE_FILES, "source.spm", "target.spm")
_UNWRITABLE = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EFBIG,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


def fetch(model_id: str, *, revision: str | None = None, variant: str | None = None, progress: bool = False) -> Path:
    """The folder of a model of the hub: its config, tokenizer and weights, fetched unless the cache has them.

    The hub is asked which commit is meant; where it does not answer, what it said last time holds. Nothing but the
    files that attnviz reads is fetched, weights last.

    Args:
        model_id: ``OWNER/NAME`` or ``NAME``.
        revision: a branch, a tag or a full commit hash; the main branch by default.
        variant: of the weights, such as ``fp16``.
        progress: whether to show bars on standard error; otherwise nothing is written there.

    Raises:
        InputError: a model that is not there, or not for this user, or has no config or no weights; a hub that
            cannot be reached or fails; a cache that cannot be written to.
    """
    with _quiet():
        _load_client()
        with _as_input_errors(model_id, revision), _settings(progress):
            try:
                commit, names = _listing(model_id, revision)
            except Exception as error:
                folder = None if _is_final(error) else _cached(model_id, revision, variant)
                if folder is None:
                    raise
                return folder
            return _download(model_id, revision, commit, names, _weights(one_line(model_id), names, variant))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the client's log lines and warnings, such as those about requests without a token."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _load_client() -> None:
    """Imports the client, which reads its variables then and takes about 0.2 s."""
    try:
        import huggingface_hub.errors  # noqa: PLC0415 (start-up time)
        import huggingface_hub.file_download  # noqa: F401, PLC0415 (start-up time)
    except (ImportError, ValueError) as error:  # ValueError: a variable that should be a number or an address
        raise InputError(
            f"huggingface_hub: it cannot be loaded ({_reason(error)}); expected it, and HF_ variables that it can read"
        ) from error


@contextmanager
def _settings(progress: bool) -> Iterator[None]:
    """The client with or without bars, and without a request that is not part of the download; its variables win.

    Before its first request, the client asks the hub how to recognise programs that run it; that is telemetry, and
    takes 3 seconds where no hub answers.
    """
    from huggingface_hub import constants  # noqa: PLC0415 (start-up time)

    utils = _client_utils()

    def bars(shown: bool) -> None:
        utils.enable_progress_bars() if shown else utils.disable_progress_bars()

    shown, telemetry = not utils.are_progress_bars_disabled(), constants.HF_HUB_DISABLE_TELEMETRY
    bars(progress)
    if "HF_HUB_DISABLE_TELEMETRY" not in os.environ:
        constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        yield
    finally:
        bars(shown)
        constants.HF_HUB_DISABLE_TELEMETRY = telemetry


def _client_utils() -> Any:
    """The client's ``utils``; Any, because its types leave out names that it documents."""
    return import_module("huggingface_hub.utils")


def _patience() -> float:
    from huggingface_hub import constants  # noqa: PLC0415 (start-up time)

    return constants.HF_HUB_ETAG_TIMEOUT if os.environ.get("HF_HUB_ETAG_TIMEOUT") else PATIENCE


def _listing(model_id: str, revision: str | None) -> tuple[str, frozenset[str]]:
    """The commit that a revision means now, and the names of its files."""
    from huggingface_hub import HfApi  # noqa: PLC0415 (start-up time)

    hub = HfApi()
    info = hub.model_info(model_id, revision=revision, timeout=_patience())
    commit = info.sha or ""
    if not commit.isalnum():
        raise ValueError("its answer has no commit")
    if info.siblings is None:  # a mirror that lists files at another address
        return commit, frozenset(hub.list_repo_files(model_id, revision=commit))
    return commit, frozenset(file.rfilename for file in info.siblings)


def _weights(where: str, names: Collection[str], variant: str | None) -> str:
    """The file of weights, or the index of several, in a listing that has all that is needed."""
    if _CONFIG not in names:
        has_gguf = any(name.lower().endswith(".gguf") for name in names)
        raise InputError(
            f"{where}: it has no {_CONFIG}; expected a model of the transformers library",
            hint="it has GGUF files: download one, and give its path to --model" if has_gguf else None,
        )
    name = weights_name(names, variant)
    if name is None:
        raise missing_weights(where, [name for name in names if "/" not in name], variant)
    return name


def _download(model_id: str, revision: str | None, commit: str, names: Collection[str], weights: str) -> Path:
    """The folder of a commit; fetches the files that are not in the cache, those that ``weights`` is or names last."""
    from huggingface_hub import hf_hub_download, hf_hub_url, try_to_load_from_cache  # noqa: PLC0415 (start-up time)

    utils = _client_utils()

    @cache
    def try_files() -> None:
        """Asks for one file: the client would try for six minutes where a hub lists files and does not serve them."""
        url = hf_hub_url(model_id, _CONFIG, revision=commit)
        response = utils.get_session().head(url, headers=utils.build_hf_headers(), timeout=_patience())
        if response.status_code >= 500:
            utils.hf_raise_for_status(response)

    def download(name: str, revision: str | None = commit) -> Path:
        if not isinstance(try_to_load_from_cache(model_id, name, revision=revision), str):
            try_files()
        return Path(hf_hub_download(model_id, name, revision=revision, etag_timeout=_patience()))

    known = try_to_load_from_cache(model_id, _CONFIG, revision=revision)
    if revision != commit and not (isinstance(known, str) and Path(known).parent.name == commit):
        download(_CONFIG, revision)  # asked for by its name, the cache notes which commit the revision means
    folder = download(_CONFIG).parent
    for name in _TOKENIZER if _TOKENIZER[0] in names else (*_TOKENIZER, *_PIECES):
        if name in names:
            download(name)
    files = shard_names(download(weights)) if is_index(weights) else [weights]
    for name in files:
        if name not in names:
            raise CheckpointError(
                f"{brief(model_id)}: its {weights} names {brief(name)}, which is missing; expected all its shards"
            )
        download(name)
    return folder


def _cached(model_id: str, revision: str | None, variant: str | None) -> Path | None:
    """The folder that the cache has for a revision, if all that is needed is there: weights come last."""
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 (start-up time)

    config = try_to_load_from_cache(model_id, _CONFIG, revision=revision)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    name = next((name for name in weight_names(variant) if (folder / name).exists()), None)
    if name is None or (is_index(name) and not all((folder / shard).exists() for shard in shard_names(folder / name))):
        return None
    return folder


def _is_final(error: Exception) -> bool:
    """True where the cache cannot help: the revision or the model does not exist."""
    from huggingface_hub import errors  # noqa: PLC0415 (start-up time)

    return isinstance(error, errors.RevisionNotFoundError | errors.HFValidationError)


@contextmanager
def _as_input_errors(model_id: str, revision: str | None) -> Iterator[None]:
    """Turns all errors of the client into an InputError.

    Its classes are those of requests, httpx or httpx2, as its version has it, hence so wide a net.
    """
    try:
        yield
    except AttnvizError:
        raise
    except Exception as error:
        # Files that are not in the cache and cannot be fetched: the cause says why.
        cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
        raise _refusal(cause, one_line(model_id), one_line(revision)) from error


def _refusal(error: BaseException, where: str, revision: str) -> InputError:
    """The client's error in one line; its own text has many."""
    from huggingface_hub import constants  # noqa: PLC0415 (start-up time)

    endpoint = re.sub("//[^/]*@", "//", one_line(constants.ENDPOINT))  # without a password
    host, folder = endpoint.partition("//")[2] or endpoint, one_line(constants.HF_HUB_CACHE)
    for kind, message, hint in _cases(host, endpoint, where, revision):
        if isinstance(error, kind):
            return InputError(f"{where}: {message}", hint)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return _answered(status, host, where)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"TransportError", "RequestException"} and "JSONDecodeError" not in kinds:  # of httpx, of requests
        late = kinds & {"TimeoutException", "Timeout"}
        fault = f"{host} does not answer" if late else f"the connection to {host} fails ({_reason(error)})"
        return InputError(
            f"{where}: it is not a folder, not completely in the cache, and {fault}; expected a hub within reach",
            hint=f"without a hub: --model FOLDER, or tiny; the cache is {folder}; HF_ENDPOINT names another hub",
        )
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        return InputError(
            f"{folder}: it cannot be written to ({brief(error.strerror)}); expected room for the model",
            hint="HF_HOME says where the cache is",
        )
    if "Consistency check failed" in str(error):
        return InputError(f"{where}: its download ended early; expected all its bytes", hint="try again")
    return InputError(f"{where}: it cannot be fetched from {host} ({_reason(error)}); expected a model of a hub")


def _cases(host: str, endpoint: str, where: str, revision: str) -> tuple[tuple[type[Exception], str, str], ...]:
    """The client's classes of errors, the narrower first, each with its message and hint."""
    from huggingface_hub import errors  # noqa: PLC0415 (start-up time)

    return (
        (
            errors.HFValidationError,
            "it is not a folder or a model's id; expected a folder, NAME or OWNER/NAME",
            "an id has letters, digits, '-', '_' and '.', at most 96 in all",
        ),
        (
            errors.OfflineModeIsEnabled,
            "it is not a folder, not completely in the cache, and HF_HUB_OFFLINE is set; expected a model that was "
            "fetched before",
            "unset HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) to fetch it",
        ),
        (
            errors.GatedRepoError,
            f"{host} gives it only to those who accepted its licence; expected a token of such an account",
            f"accept the licence at {endpoint}/{where}, then set HF_TOKEN",
        ),
        (
            errors.RepositoryNotFoundError,
            f"no such folder, and no such model on {host}; expected a folder, or a model's id",
            "a private model needs HF_TOKEN",
        ),
        (
            errors.RevisionNotFoundError,
            f"it has no revision {brief(revision)!r}; expected a branch, a tag or a full commit hash",
            f"{endpoint}/{where}/tree/main shows them",
        ),
    )


def _answered(status: int, host: str, where: str) -> InputError:
    hints = {
        401: "set HF_TOKEN to a token that is valid there, or unset it for a public model",
        403: "the token may not read this model",
        429: "these were too many requests: try again later, or set HF_TOKEN",
    }
    elsewhere = "the fault is there: try again later" if status >= 500 else "HF_ENDPOINT says which hub is asked"
    said = responses.get(status, "an error")
    return InputError(
        f"{where}: {host} answers {status} ({said}); expected the model's files", hints.get(status, elsewhere)
    )


def _reason(error: BaseException) -> str:
    """The beginning of an error's text."""
    return brief((str(error).strip().splitlines() or [type(error).__name__])[0])
