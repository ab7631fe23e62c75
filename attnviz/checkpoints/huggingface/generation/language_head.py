"""The language head of a family as data: the tensors that make logits of an output. Only generation reads them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from attnviz.checkpoints.file_params import FileParams, TensorSource
from attnviz.checkpoints.formats.tensor_file import TensorFile, misfits
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.config.block import Block
from attnviz.encoder.generation.unembedding import Unembedding
from attnviz.encoder.parameters.params import ArrayParams, Params
from attnviz.encoder.parameters.shapes import Shape
from attnviz.errors import CheckpointError


@dataclass(frozen=True, eq=False)
class LanguageHead:
    """Where a family's files have what makes logits.

    Attributes:
        modules: the file's name of the linear layer to the vocabulary, today's first.
        tied: whether its matrix is the table of token vectors, unless ``tie_word_embeddings`` says otherwise.
        bias: whether it has a bias, by the settings.
        more_bias: a tensor (1, n_vocab) that is added to the logits; empty for none.
        scale: multiplies the logits, by the settings.
        cap: keeps them softly between -cap and cap, by the settings; None for no cap.
        project: the linear layer from the model's width to that of tokens, where they differ; empty for none.
        dense: a linear layer before all that, with ``activation``; empty for none.
        norm: the layer norm after it.
        activation: of the dense layer, by the settings.
        biased: whether the dense layer and the norm have a bias, by the settings.
        norm_eps: of the norm, by the settings.
    """

    modules: tuple[str, ...] = ("lm_head",)
    tied: bool = True
    bias: Callable[[Settings], bool] = lambda settings: False  # noqa: ARG005
    more_bias: str = ""
    scale: Callable[[Settings], float] = lambda settings: 1.0  # noqa: ARG005
    cap: Callable[[Settings], float | None] = lambda settings: None  # noqa: ARG005
    project: str = ""
    dense: str = ""
    norm: str = ""
    activation: Callable[[Settings], str] = lambda settings: "gelu"  # noqa: ARG005
    biased: Callable[[Settings], tuple[bool, bool]] = lambda settings: (True, True)  # noqa: ARG005
    norm_eps: Callable[[Settings], float] = lambda settings: 1e-5  # noqa: ARG005

    def is_tied(self, settings: Settings) -> bool:
        """Whether the matrix is the table of token vectors."""
        tied: bool = settings.one_of("tie_word_embeddings", {True: True, False: False}, self.tied)
        return tied


def read_unembedding(
    head: LanguageHead, settings: Settings, file: TensorFile, names: Mapping[str, str], params: Params, config: Block
) -> Unembedding:
    """The unembedding of a folder.

    Args:
        head: of its family.
        settings: of its ``config.json``.
        file: its tensors.
        names: theirs, by the family's own names.
        params: those of the block.
        config: the block's fields.

    Raises:
        CheckpointError: the files do not have the head, or its tensors have other shapes.
    """
    needed = dict(_needed(head, settings, names, config))
    missing = sorted(source.name or "" for source, _ in needed.values() if source.name not in names)
    if missing:
        raise CheckpointError(
            f"{settings.where}: the files have no {', '.join(missing)}, so nothing makes words of this "
            f"{settings.family} model's outputs; expected a model with its language head (saved as ...ForCausalLM)"
        )
    own = _Named(file, {str(source.name): names[str(source.name)] for source, _ in needed.values()})
    problems = misfits(own, {str(source.name): source.stored_shape(shape) for source, shape in needed.values()})
    if problems:
        raise CheckpointError(f"{settings.where}: {', '.join(problems)}; expected a head of this configuration")
    sources = {name: source for name, (source, _) in needed.items()}
    read = FileParams(own, settings.where, {name: shape for name, (_, shape) in needed.items()}, sources)
    arrays = {name: read[name] for name in sources}
    if "w" not in arrays:
        arrays["w"] = params["embed.tokens"].T
    if "more" in arrays:
        arrays["b"] = arrays["b"] + arrays["more"] if "b" in arrays else arrays["more"]
    return Unembedding(
        ArrayParams(arrays), head.scale(settings), head.cap(settings), head.activation(settings), head.norm_eps(settings)
    )


def _needed(
    head: LanguageHead, settings: Settings, names: Mapping[str, str], config: Block
) -> Iterator[tuple[str, tuple[TensorSource, Shape]]]:
    """The tensors of the head with their places and shapes, by the names of ``Unembedding``."""
    d_model, width, n_vocab = config.d_model, config.embedding.d_embed, config.n_vocab
    known = (one for one in head.modules if any(name.startswith(f"{one}.") for name in names))
    module = next(known, head.modules[0])
    if not head.is_tied(settings):
        yield "w", (TensorSource(f"{module}.weight", transposed=True), (width, n_vocab))
    if head.bias(settings):
        yield "b", (TensorSource(f"{module}.bias"), (n_vocab,))
    if head.more_bias:
        yield "more", (TensorSource(head.more_bias, folded=1), (n_vocab,))
    if head.project and config.embedding.project != "none":
        yield "project", (TensorSource(f"{head.project}.weight", transposed=True), (d_model, width))
    if head.dense:
        dense_biased, norm_biased = head.biased(settings)
        yield "dense.w", (TensorSource(f"{head.dense}.weight", transposed=True), (d_model, d_model))
        yield "norm.gain", (TensorSource(f"{head.norm}.weight"), (d_model,))
        if dense_biased:
            yield "dense.b", (TensorSource(f"{head.dense}.bias"), (d_model,))
        if norm_biased:
            yield "norm.bias", (TensorSource(f"{head.norm}.bias"), (d_model,))
