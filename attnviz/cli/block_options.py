"""The fields of the block as options: each has a flag and a variable, and ``--set`` gives any of them."""

from typing import Annotated, Any, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import BLOCK
from attnviz.encoder.config.given import field_names, field_table
from attnviz.errors import UsageError

SHOWN_FIELDS = (
    *("n_layers", "n_heads", "n_kv_heads", "d_model", "d_head", "d_ff", "score", "mask", "window", "position"),
    *("norm", "norm_placement", "activation", "gated", "bias", "seed"),
)


def _block_field(f: Any, flag: str | None = None) -> Any:
    """One field of the block as an option: its flag, its ATTNVIZ_ variable, its default in the help."""
    kind: Any = f.metadata["type"]
    default = f.metadata["default"]
    choices = f.metadata.get("choices")
    flag = flag or "--" + f.name.replace("_", "-")
    names = (f"{flag}/--no-{flag[2:]}",) if kind is bool else (flag,)
    shown = {True: "on", False: "off"}.get(default, default) if kind is bool else default
    text = f.metadata["help"] + ("" if shown is None else f" [default: {shown}]")
    metavar = {int: "N", float: "X", tuple: "X,X"}.get(kind)  # the field's own check says which numbers are too small
    hidden = f.name not in SHOWN_FIELDS
    declared = option(BLOCK, *names, help=text, envvar=f"ATTNVIZ_{f.name.upper()}", metavar=metavar, hidden=hidden)
    return Annotated[(Literal[choices] if choices else str if kind is tuple else kind) | None, declared]


class BlockOptions(Options):
    """The block's fields; None where neither a flag nor a variable gives one."""

    __annotations__ = {f.name: _block_field(f) for f in field_table() if f.name in SHOWN_FIELDS} | {
        "set": Annotated[
            list[str] | None,
            option(BLOCK, "--set", metavar="NAME=VALUE", help="Set any field, such as rotary_base=5e5. Repeatable."),
        ]
    }

    @classmethod
    def seldom(cls) -> dict[str, Any]:
        """The fields that help does not show."""
        return {f.name: _block_field(f) for f in field_table() if f.name not in SHOWN_FIELDS}

    @classmethod
    def names(cls) -> list[str]:
        """The fields' names, in order."""
        return [*field_names(), "set"]

    def begin(self) -> None:
        """Takes over what ``--set`` gives, as if it were given by flags.

        Raises:
            UsageError: a text that sets no field, or a field with another value as a flag.
        """
        texts = getattr(self, "set", None) or []
        self.set = None
        if not texts:
            return
        from attnviz.encoder.config.spelling import assigned

        for name, value in assigned(texts).items():
            flag = None if name in self.from_variables else getattr(self, name)
            if flag is not None and flag != value:
                raise UsageError(f"set, {name.replace('_', '-')}: {value} and {flag}; expected one value")
            setattr(self, name, value)
            self.from_variables -= {name}


for _name in BlockOptions.names():
    setattr(BlockOptions, _name, None)


def renamed_field(name: str, flag: str) -> dict[str, Any]:
    """A field whose flag another option of the command has taken, under another flag."""
    return {f.name: _block_field(f, flag) for f in field_table() if f.name == name}


class DrawnBlockOptions(BlockOptions):
    """``BlockOptions`` of a command whose ``--norm`` is that of its colours."""

    __annotations__ = BlockOptions.__annotations__ | renamed_field("norm", "--block-norm")
