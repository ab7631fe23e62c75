"""The process in which a tokenizer is tried: it reads lines of JSON, and answers each with a fault or with null."""

import json
import os
import sys
import time
from typing import Any

from attnviz.text.engine.faults import MOST_SECONDS, EngineFault, panics_as_errors

_MOST_BYTES = 4 << 30  # of memory, which a table of a few numbers in the file could ask for


def play() -> None:
    """Reads the tokenizer from the first line; then every line is a method and its arguments."""
    _limit_memory()
    tokenizer = None
    for line in sys.stdin.buffer:
        _limit_time()
        words = json.loads(line)
        fault = None
        try:
            with panics_as_errors():
                if tokenizer is None:
                    tokenizer = _read(*words)
                else:
                    _do(tokenizer, *words)
        except KeyboardInterrupt:
            os._exit(1)
        except EngineFault as error:
            fault = str(error)
        except Exception as error:
            fault = None if tokenizer is not None else str(error)  # of a text, the library says it here as well
        sys.stdout.buffer.write(json.dumps(fault).encode() + b"\n")
        sys.stdout.buffer.flush()


def _read(json_text: str, settings: dict[str, Any]) -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415

    from attnviz.errors import AttnvizError
    from attnviz.text.vocabularies import apply_settings

    made = Tokenizer.from_str(json_text)
    try:
        apply_settings(made, settings)
    except AttnvizError:
        pass
    made.no_padding()
    made.no_truncation()
    return made


def _do(tokenizer: Any, method: str, *arguments: Any) -> None:
    if method == "encode":
        text, pair, add_special_tokens = arguments
        tokenizer.encode(text, pair, add_special_tokens=add_special_tokens)
    else:
        tokenizer.decode(*arguments)


def _limit_time() -> None:
    """Lets the kernel end this process after some more seconds of work, whatever it does."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft = int(time.process_time()) + 1 + MOST_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = min(limit for limit in (soft, hard, _MOST_BYTES) if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
