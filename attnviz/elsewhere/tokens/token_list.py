"""Labels of tokens as people type them: words, a JSON list, or a file."""

import os
from pathlib import Path

from attnviz.elsewhere.lists import parse_json
from attnviz.errors import InputError, brief, one_line
from attnviz.files import open_file
from attnviz.text.reading import check_text
from attnviz.text.streams import TextStream

_EXPECTED = "expected labels, one per line, or a JSON list of texts"


def token_list(text: str, name: str) -> list[str]:
    """The labels that an option names.

    Args:
        text: labels separated by white space; a JSON list of texts, whose white space is kept; or ``@FILE``, a file
            with one label per line, or with a JSON list.
        name: the option, for messages.

    Raises:
        InputError: a file that cannot be read, a JSON list of something else than texts, or text that is not Unicode.
    """
    if text.startswith("@") and (len(text.split()) == 1 or os.path.isfile(text[1:])) and len(text) > 1:
        return _file_labels(Path(text[1:]), name)
    check_text(text, name)
    labels = _json_labels(text, name)
    return text.split() if labels is None else labels


def _json_labels(text: str, where: str) -> list[str] | None:
    """The texts of a JSON list; None where the text is not JSON, as ``[CLS] the [SEP]`` is not."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = parse_json(text.encode(), where, _EXPECTED)
    except InputError:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        wrong = next((item for item in value if not isinstance(item, str)), None) if isinstance(value, list) else value
        raise InputError(f"{where}: the list has {brief(wrong)}; expected texts in quotes")
    return value


def _file_labels(path: Path, name: str) -> list[str]:
    where = f"{name}: {one_line(path)}"
    with open_file(path, _EXPECTED) as stream:
        data = TextStream(stream, where).read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: it is not UTF-8; {_EXPECTED}") from error
    labels = _json_labels(text, where)
    if labels is not None:
        return labels
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    lines = lines[:-1] if lines[-1] == "" else lines
    return lines[0].split() if len(lines) == 1 else lines
