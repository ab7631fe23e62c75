"""A TOML file of the block's fields."""

import tomllib
from pathlib import Path

from attnviz.encoder.config.given import check_fields
from attnviz.errors import ConfigError, InputError, one_line
from attnviz.files import read_file, utf8

_EXPECTED = "expected a TOML file"


def read_config(path: Path) -> dict[str, object]:
    """The fields that a TOML file gives, at its top level.

    Raises:
        InputError: it cannot be read, is not TOML, or has fields that the block has not.
    """
    where = one_line(path)
    try:
        fields = tomllib.loads(utf8(read_file(path, _EXPECTED), where, _EXPECTED))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: it is not TOML ({one_line(error)}); expected lines such as n_heads = 4") from error
    tables = [name for name, value in fields.items() if isinstance(value, dict)]
    if tables:
        raise InputError(f"{where}: {one_line(tables[0])} is a table; expected fields at the top level")
    try:
        check_fields(fields, where)
    except ConfigError as error:
        raise InputError(str(error)) from error
    return fields
