"""What ``attnviz models`` prints: the families that load, and what a model folder holds."""

from collections.abc import Iterator, Mapping, Sequence

from attnviz.errors import some
from attnviz.output.labels import cell_width
from attnviz.output.rendering import Document
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.tables.weights import byte_size, fields_text

_MOST_NAMES = 6
_KINDS = {
    "encoder": "Encoders (model_type, for example): every token sees every token",
    "decoder": "Decoders: a token sees only earlier ones",
    "encoder-decoder": "Encoder-decoders: the tokens of a target (--target TEXT) look at the text",
}


class FamiliesTable(LinesView):
    """A Rich renderable.

    Args:
        families: as ``models --json`` gives them.
        bundled: the models in the package, as ``models --json`` gives them.
        screen: where it is printed.
    """

    def __init__(self, families: Sequence[Mapping[str, str]], bundled: Sequence[Document], screen: Screen):
        super().__init__(screen)
        self._families, self._bundled = families, bundled

    def lines(self) -> Iterator[StyledLine]:
        """The bundled models, then one row per family, by kind, cut where the screen is narrow."""
        for model in self._bundled:
            config, size = model["config"], sum(file["bytes"] for file in model["files"])
            about = (
                f"{model['name']}: a small trained encoder for English in this package, used where nothing else is "
                f"asked for: {config['n_layers']} layers of {config['n_heads']} heads, {byte_size(size)}. "
                f"`attnviz models {model['name']}` describes it."
            )
            yield from self.text(about, PLAIN)
            yield []
        about = f"{len(self._families)} families of models load, from a folder or by an id on the hub:"
        yield from self.text(about, PLAIN)
        columns = ("model_type", "example")
        widths = [max(cell_width(family[name]) for family in self._families) for name in columns]
        for kind, title in _KINDS.items():
            families = [family for family in self._families if family["kind"] == kind]
            if families:
                yield []
                yield from self.text(title, BOLD)
            for family in families:
                cells = (family[name].ljust(width) for name, width in zip(columns, widths, strict=True))
                yield [(self.cut("  ".join(cells).rstrip()), PLAIN)]


class FolderTable(LinesView):
    """A Rich renderable.

    Args:
        folder: the description of a folder as ``models FOLDER --json`` gives it.
        telling: the fields of its configuration that are worth printing.
        screen: where it is printed.
    """

    def __init__(self, folder: Document, telling: Document, screen: Screen):
        super().__init__(screen)
        self._folder, self._telling = folder, telling

    def lines(self) -> Iterator[StyledLine]:
        """The family, sizes, tokenizer, files, and which tensors are used."""
        f = self._folder
        yield [(self.cut(f["name"]), BOLD)]
        yield from self.text(
            f"{f['family']} ({f['model_type']}), {f['kind']}: {_stacks(f)}, "
            f"{f['n_parameters']:,} parameters, texts of at most {f['config']['n_ctx']} tokens"
        )
        yield []
        tokenizer = f["tokenizer"]
        yield from self.text(
            f"tokenizer: {tokenizer['algorithm']}, {tokenizer['n_vocab']} ids, from {tokenizer['file']}"
            if tokenizer
            else "tokenizer: none of its own"
        )
        if tokenizer and "languages" in tokenizer:
            yield from self.text(f"languages: {', '.join(tokenizer['languages'])}")
        for file in f["files"]:
            yield from self.text(f"weights: {file['name']}, {byte_size(file['bytes'])}, {', '.join(f['dtypes'])}")
        yield [(self.cut(f"sha256 {f['sha256']}"), DIM)]
        yield []
        yield from self.text(f"tensors: {f['used']} used{self._others()}")
        for note in f["notes"]:
            yield from self.text(f"note: {note}")
        yield []
        yield [(self.cut("Sizes, and fields unlike their default"), BOLD)]
        yield from self.text(fields_text(self._telling))
        if f["card"]:
            yield []
            yield from self.text(f"model card: {f['card']}")

    def _others(self) -> str:
        unused, unknown = self._folder["unused"], self._folder["unknown"]
        text = f"; {len(unused)} not needed for attention ({some(unused, _MOST_NAMES)})" if unused else ""
        if unknown:
            return f"{text}; {len(unknown)} NOT KNOWN and not used ({some(unknown, _MOST_NAMES)})"
        return f"{text}; every tensor is accounted for"


def _stacks(folder: Document) -> str:
    """The layers and heads of each stack."""
    config = folder["config"]
    text = f"{config['n_layers']} layer{'s' * (config['n_layers'] != 1)} of {config['n_heads']} heads"
    if folder["kind"] != "encoder-decoder":
        return text
    n_layers, n_heads = (config.get(f"decoder_{name}", config[f"n_{name}"]) for name in ("layers", "heads"))
    return f"{text}, then {n_layers} of {n_heads} in the decoder"


def models_views(document: Document, screen: Screen, *, notable: Document) -> Iterator[LinesView]:
    """A model folder, or the families that load.

    Args:
        document: as ``models --json`` gives it.
        screen: where it is printed.
        notable: the fields of a folder's configuration that are worth printing.
    """
    if "model" in document:
        yield FolderTable(document["model"], notable, screen)
    else:
        yield FamiliesTable(document["families"], document["bundled"], screen)
