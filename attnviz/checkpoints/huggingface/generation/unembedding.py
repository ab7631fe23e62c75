"""The unembedding of a model folder, read where its family's language head is."""

from collections.abc import Iterator, Mapping

from attnviz.checkpoints.file_params import FileParams, TensorSource
from attnviz.checkpoints.formats.tensor_file import TensorFile, misfits
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.checkpoints.huggingface.storage.renamed import RenamedFile
from attnviz.encoder.config.block import Block
from attnviz.encoder.generation.unembedding import Unembedding, output_table
from attnviz.encoder.parameters.params import ArrayParams, Params
from attnviz.encoder.parameters.shapes import Shape
from attnviz.errors import CheckpointError


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
    own = RenamedFile(file, {str(source.name): names[str(source.name)] for source, _ in needed.values()})
    problems = misfits(own, {str(source.name): source.stored_shape(shape) for source, shape in needed.values()})
    if problems:
        raise CheckpointError(f"{settings.where}: {', '.join(problems)}; expected a head of this configuration")
    sources = {name: source for name, (source, _) in needed.items()}
    read = FileParams(own, settings.where, {name: shape for name, (_, shape) in needed.items()}, sources)
    arrays = {name: read[name] for name in sources}
    tied = "w" not in arrays
    if tied:
        arrays["w"] = params[output_table(config)].T
    more = arrays.pop("more", None)
    if more is not None:
        arrays["b"] = arrays["b"] + more if "b" in arrays else more
    numbers = {name: head.value(name, settings) for name in ("scale", "cap", "activation", "norm_eps")}
    return Unembedding(ArrayParams(arrays), tied=tied, **numbers)


def _needed(
    head: LanguageHead, settings: Settings, names: Mapping[str, str], config: Block
) -> Iterator[tuple[str, tuple[TensorSource, Shape]]]:
    """The tensors of the head with their places and shapes, by the names of ``Unembedding``."""
    d_model, width, n_vocab = config.d_model, config.embedding.d_embed, config.n_target_vocab
    known = (one for one in head.modules if any(name.startswith(f"{one}.") for name in names))
    module = next(known, head.modules[0])
    if f"{module}.weight" in names or not head.is_tied(settings):  # as transformers 5 has it
        yield "w", (TensorSource(f"{module}.weight", transposed=True), (width, n_vocab))
    if head.value("bias", settings):
        yield "b", (TensorSource(f"{module}.bias"), (n_vocab,))
    if head.more_bias in names:
        yield "more", (TensorSource(head.more_bias, folded=1), (n_vocab,))
    if head.project and config.embedding.project != "none":
        yield "project", (TensorSource(f"{head.project}.weight", transposed=True), (d_model, width))
    if head.dense:
        dense_biased, norm_biased = head.value("biased", settings)
        yield "dense.w", (TensorSource(f"{head.dense}.weight", transposed=True), (d_model, d_model))
        yield "norm.gain", (TensorSource(f"{head.norm}.weight"), (d_model,))
        if dense_biased:
            yield "dense.b", (TensorSource(f"{head.dense}.bias"), (d_model,))
        if norm_biased:
            yield "norm.bias", (TensorSource(f"{head.norm}.bias"), (d_model,))
