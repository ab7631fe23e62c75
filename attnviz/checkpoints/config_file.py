"""A TOML file of the block's fields."""

import tomllib
from pathlib import Path

from attnviz.encoder.config import check_field_names
from attnviz.errors import ConfigError, InputError, one_line


def read_config(path: Path) -> dict[str, object]:
    """The fields that a TOML file gives, at its top level.

    Raises:
        InputError: it cannot be read, is no TOML, or has fields that the block has not.
    """
    where = one_line(path)
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"{where}: there is no such file; expected a TOML file") from error
    except IsADirectoryError as error:
        raise InputError(f"{where}: it is a folder; expected a TOML file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: byte {error.start + 1} is not UTF-8; expected a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: {one_line(error)}; expected TOML, such as n_heads = 4") from error
    except (OSError, ValueError, RecursionError) as error:
        reason = one_line(getattr(error, "strerror", None) or error)
        raise InputError(f"{where}: it cannot be read ({reason}); expected a TOML file") from error
    tables = [name for name, value in fields.items() if isinstance(value, dict)]
    if tables:
        raise InputError(f"{where}: [{one_line(tables[0])}] is a table; expected fields at the top level")
    try:
        check_field_names(fields, where)
    except ConfigError as error:
        raise InputError(str(error)) from error
    return fields
