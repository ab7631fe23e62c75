"""What the client of the hub raises, each as one error of one line."""

import errno
import re
from http.client import responses

from attnviz.errors import InputError, brief, one_line

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


def hub_address() -> tuple[str, str]:
    """The hub's address without a password, and the part of it that says where it is."""
    from huggingface_hub import constants  # noqa: PLC0415 (start-up time)

    endpoint = re.sub("//[^/]*@", "//", one_line(constants.ENDPOINT))
    return endpoint, endpoint.partition("//")[2] or endpoint


def refusal(error: BaseException, where: str, revision: str) -> InputError:
    """The client's error in one line; its own text has many."""
    from huggingface_hub import constants  # noqa: PLC0415 (start-up time)

    endpoint, host = hub_address()
    folder = one_line(constants.HF_HUB_CACHE)
    for kind, message, hint in _cases(host, endpoint, where, revision):
        if isinstance(error, kind):
            return InputError(f"{where}: {message}", hint)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return answered(status, host, where)
    kinds = {kind.__name__ for kind in type(error).__mro__}  # of httpx, of requests, of a time limit
    if kinds & {"TransportError", "RequestException", "TimeoutError"} and "JSONDecodeError" not in kinds:
        late = kinds & {"TimeoutException", "Timeout", "TimeoutError"}
        fault = f"{host} does not answer" if late else f"the connection to {host} fails ({reason(error)})"
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
        return InputError(
            f"{where}: its download has not the size that {host} says; expected all its bytes", hint="try again"
        )
    return InputError(f"{where}: it cannot be fetched from {host} ({reason(error)}); expected a model of a hub")


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


def answered(status: int, host: str, where: str) -> InputError:
    """The error of an answer whose status is not that of a success."""
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


def reason(error: BaseException) -> str:
    """The beginning of an error's text."""
    return brief((str(error).strip().splitlines() or [type(error).__name__])[0])
