"""A TOML file of the block's fields."""

import tomllib
from pathlib import Path

from attnviz.encoder.config.given import check_fields
from attnviz.encoder.config.spelling import flattened
from attnviz.errors import ConfigError, InputError, brief, one_line
from attnviz.files import read_file, utf8

_EXPECTED = "expected a TOML file"


def read_config(path: Path) -> dict[str, object]:
    """The fields of a TOML file, flat or in tables: ``[rotary] base`` is ``rotary_base``.

    Raises:
        InputError: it cannot be read, is not TOML, or has fields that the block has not.
    """
    where = one_line(path)
    try:
        fields = tomllib.loads(utf8(read_file(path, _EXPECTED), where, _EXPECTED))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: it is not TOML ({brief(error)}); expected lines such as n_heads = 4") from error
    try:
        fields = flattened(fields)
    except ConfigError as error:
        raise InputError(f"{where}: {error}") from error
    try:
        check_fields(fields, where)
    except ConfigError as error:
        raise InputError(str(error)) from error
    return fields
