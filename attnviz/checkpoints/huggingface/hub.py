"""Models of the Hugging Face hub: the files that attnviz reads, through the hub's own client, cache and variables."""

import logging
import os
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from attnviz.checkpoints.digest import sha256_of
from attnviz.checkpoints.formats.shards import shard_names
from attnviz.checkpoints.huggingface.answers.checks import COMMIT, checked_answers
from attnviz.checkpoints.huggingface.answers.refusals import hub_address, reason, refusal
from attnviz.checkpoints.huggingface.storage.weight_files import is_index, missing_weights, weight_names, weights_name
from attnviz.checkpoints.huggingface.tokenizer import SENTENCEPIECE_FILES
from attnviz.errors import AttnvizError, CheckpointError, InputError, brief, one_line
from attnviz.text.engine.time_limit import time_limit

_LISTING = 6  # times that long a description may take in all
_LONGEST_TRY = "_ETAG_RETRY_TIMEOUT"  # of the client: 60 seconds for each of six further tries
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
        with _as_input_errors(model_id, revision), _settings(progress), ExitStack() as checked:
            try:
                checked.enter_context(checked_answers(_session(), one_line(model_id), hub_address()[1]))
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
            f"huggingface_hub: it cannot be loaded ({reason(error)}); expected it, and HF_ variables that it can read"
        ) from error


@contextmanager
def _settings(progress: bool) -> Iterator[None]:
    """The client with or without bars, and without a request that is not part of the download; its variables win.

    Before its first request, the client asks the hub how to recognise programs that run it; that is telemetry, and
    takes 3 seconds where no hub answers. A file that a hub does not answer about is asked for six times more.
    """
    from huggingface_hub import constants, file_download  # noqa: PLC0415 (start-up time)

    utils = _client_utils()

    def bars(shown: bool) -> None:
        utils.enable_progress_bars() if shown else utils.disable_progress_bars()

    shown, telemetry = not utils.are_progress_bars_disabled(), constants.HF_HUB_DISABLE_TELEMETRY
    longest = getattr(file_download, _LONGEST_TRY, None)
    bars(progress)
    if longest is not None:
        setattr(file_download, _LONGEST_TRY, min(longest, _patience()))
    if "HF_HUB_DISABLE_TELEMETRY" not in os.environ:
        constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        yield
    finally:
        bars(shown)
        if longest is not None:
            setattr(file_download, _LONGEST_TRY, longest)
        constants.HF_HUB_DISABLE_TELEMETRY = telemetry


def _session() -> Any:
    """What the client connects with, which reads the variables of proxies and certificates."""
    try:
        return _client_utils().get_session()
    except Exception as error:
        raise InputError(
            f"huggingface_hub: it cannot connect ({reason(error)}); expected variables of certificates and proxies, "
            "such as SSL_CERT_FILE and HTTPS_PROXY, that it can read"
        ) from error


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
    try:
        with time_limit(_LISTING * _patience()):
            info = hub.model_info(model_id, revision=revision, timeout=_patience())
            commit = info.sha
            if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
                raise ValueError("its answer has no commit")
            if info.siblings is None:  # a mirror that lists files at another address
                names = list(hub.list_repo_files(model_id, revision=commit))
            else:
                names = [file.rfilename for file in info.siblings]
            return commit, frozenset(name for name in names if isinstance(name, str))
    except (TypeError, KeyError, AttributeError, RecursionError, UnicodeDecodeError, JSONDecodeError) as error:
        raise ValueError("its answer is not the description of a model") from error


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
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 (start-up time)

    files = _Files(model_id, commit)
    known = try_to_load_from_cache(model_id, _CONFIG, revision=revision)
    if revision != commit and not (isinstance(known, str) and Path(known).parent.name == commit):
        files.download(_CONFIG, revision)  # asked for by its name, the cache notes which commit the revision means
    folder = files.download(_CONFIG, commit).parent
    for name in _TOKENIZER if _TOKENIZER[0] in names else (*_TOKENIZER, *_PIECES):
        if name in names:
            files.download(name, commit)
    for name in shard_names(files.download(weights, commit)) if is_index(weights) else [weights]:
        if name not in names:
            raise CheckpointError(
                f"{one_line(model_id)}: its {weights} names {brief(name)}, which is missing; expected all its shards"
            )
        files.download(name, commit)
    return folder


class _Files:
    """The files of a model at a commit.

    Args:
        model_id: the model.
        commit: its hash.
    """

    def __init__(self, model_id: str, commit: str):
        self.model_id, self.commit = model_id, commit
        self._serves = False

    def download(self, name: str, revision: str | None) -> Path:
        """The file in the cache, fetched if it is not there.

        Raises:
            ValueError: the hub changed it meanwhile, or calls it by the hash of another content.
        """
        from huggingface_hub import hf_hub_download, try_to_load_from_cache  # noqa: PLC0415 (start-up time)

        is_new = not isinstance(try_to_load_from_cache(self.model_id, name, revision=revision), str)
        if is_new and not self._serves:
            self._try()
        path = Path(hf_hub_download(self.model_id, name, revision=revision, etag_timeout=_patience()))
        if path.parent.name != self.commit:
            raise ValueError(f"{brief(name)} is of another commit: it changes meanwhile")
        if is_new:
            _check_hash(path)
        return path

    def _try(self) -> None:
        """Asks for one file: the client would try for six minutes where a hub lists files and does not serve them."""
        from huggingface_hub import hf_hub_url  # noqa: PLC0415 (start-up time)

        utils = _client_utils()
        url = hf_hub_url(self.model_id, _CONFIG, revision=self.commit)
        response = utils.get_session().head(url, headers=utils.build_hf_headers(), timeout=_patience())
        if response.status_code >= 500:
            utils.hf_raise_for_status(response)
        self._serves = True


def _check_hash(path: Path) -> None:
    """Removes a file from the cache again, and raises, where its content is not what the hub called it by."""
    content = path.resolve()
    if re.fullmatch("[0-9a-f]{64}", content.name) and sha256_of(content) != content.name:
        path.unlink()
        content.unlink()
        raise ValueError(f"the SHA-256 of {path.name} is not the one that it says")


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
        raise refusal(cause, one_line(model_id), one_line(revision or "main")) from error
