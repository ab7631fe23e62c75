"""The process in which a tokenizer is tried: it reads lines of JSON, and answers each with a fault or with null."""

import json
import os
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from tokenizers import Tokenizer

from attnviz.errors import AttnvizError
from attnviz.text.engine.faults import panics_as_errors
from attnviz.text.vocabularies import apply_settings

_MOST_BYTES = 4 << 30  # of memory: a few numbers in a file can ask for any amount


def play(most_seconds: int) -> None:
    """Reads the tokenizer from the first line; each line after it is a method and its arguments.

    Args:
        most_seconds: of a processor, for one line.
    """
    _limit("RLIMIT_AS", _MOST_BYTES)
    _limit("RLIMIT_CORE", 0)
    tokenizer: Tokenizer | None = None
    for line in sys.stdin.buffer:
        _limit("RLIMIT_CPU", int(time.process_time()) + 1 + most_seconds)  # whatever it does, the kernel ends it
        words, fault = json.loads(line), None
        try:
            with panics_as_errors():
                if tokenizer is None:
                    tokenizer = _opened(*words)
                else:
                    getattr(tokenizer, words[0])(*words[1:])
        except KeyboardInterrupt:
            os._exit(1)
        except Exception as error:
            fault = str(error)
        sys.stdout.buffer.write(json.dumps(fault).encode() + b"\n")
        sys.stdout.buffer.flush()


def _opened(json_text: str, settings: dict[str, Any]) -> Tokenizer:
    made = Tokenizer.from_str(json_text)
    with suppress(AttnvizError):  # which is said where the tokenizer is used
        apply_settings(made, settings)
    made.no_padding()
    made.no_truncation()
    made.to_str()
    return made


def _limit(name: str, most: int) -> None:
    """Lowers a limit of this process, where the system has it."""
    with suppress(ImportError, AttributeError, ValueError, OSError):  # Windows has none
        resource: Any = import_module("resource")
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
