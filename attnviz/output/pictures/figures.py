"""Pictures of an attention as files: a folder with one of each matrix, or one figure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from attnviz.analysis.compare import Clusters
from attnviz.output.pictures.descriptions import file_stem
from attnviz.output.pictures.drawing import Drawing, families_for, measure_in, own_settings
from attnviz.output.pictures.files.paths import is_figure
from attnviz.output.pictures.files.writing import write_scenes
from attnviz.output.pictures.fonts import Instead, characters, missing_note, replacements
from attnviz.output.pictures.kinds.scenes import words_scene
from attnviz.output.pictures.matrices.condensed import Condensed
from attnviz.output.pictures.matrices.sheets import Drawn, head_scenes, overview_scene, panel_scene
from attnviz.output.pictures.matrices.similarity import as_distances, similarity_scene
from attnviz.output.pictures.scene import Scene
from attnviz.output.pictures.style import PictureStyle
from attnviz.outputs import own_folder
from attnviz.trace.attention import Attention
from attnviz.turns import turn_in

MOST_PANELS, FEW_PANELS = 16, 4
Note = Callable[[str], None]
NamedTexts = tuple[tuple[str, str], ...]


def write_heatmaps(
    attention: Attention | Condensed,
    folder: str | Path,
    style: PictureStyle,
    *,
    overview_only: bool = False,
    prefix: str = "",
    query: int | None = None,
    key: int | None = None,
    texts: NamedTexts = (),
    force: bool = False,
    note: Note | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Writes one picture of each matrix, and of several an overview.

    The files are ``overview.png``, ``L00H00.png``, ..., or ``L00mean.png``, ``mean.png``, ``rollout.png`` where heads
    or layers are reduced, ``L00zeroing.png`` where values are of layers. Those of an earlier run are replaced; nothing
    else in the folder is touched. The same input gives the same bytes.

    Args:
        attention: (n_layers, n_heads, n_queries, n_keys) with its labels; or what ``condensed`` made of parts of it.
        folder: where to; made if needed.
        style: what the user chose.
        overview_only: leave the pictures of single matrices out.
        prefix: what the names of files begin with, such as ``cross-``.
        query: the index of a query whose links are shown, by styles that show some.
        key: the index of a key whose links are shown.
        texts: the texts whose attention it is, each with its name: ``text``, ``target``.
        force: also replace files of these names that attnviz did not write.
        note: told once which characters no installed font has.
        progress: told (pictures done, pictures in all).

    Returns:
        The files, in the order in which they were written.

    Raises:
        UsageError: the size is too small.
        OutputError: the folder or a file cannot be written, or is another program's; the files before it are whole.
    """
    written: list[list[Path]] = []
    with turn_in(folder) as place, own_settings():
        drawn, families = _drawn(attention, style, prefix, texts, note)
        n_heads = 0 if overview_only else len(drawn.attention)
        has_overview = overview_only or n_heads > 1
        overview = ((f"{prefix}overview", overview_scene(drawn)) for _ in range(has_overview))
        scenes = chain(overview, _scenes_of_heads(drawn, query, key) if n_heads else ())
        files = _noted(((place / stem, scene) for stem, scene in scenes), note)
        for paths in write_scenes(files, style, families, force=force):
            written.append(paths)
            if progress:
                progress(len(written), n_heads + has_overview)
    return [path for paths in written for path in paths]


def write_figure(
    attention: Attention | Condensed,
    path: str | Path,
    style: PictureStyle,
    *,
    query: int | None = None,
    key: int | None = None,
    texts: NamedTexts = (),
    force: bool = False,
    note: Note | None = None,
) -> list[Path]:
    """Writes one figure: one matrix, several as its panels, or a mosaic of all.

    Args:
        attention: as for ``write_heatmaps``.
        path: of the file; the style has one format, which is its ending.
        style: what the user chose.
        query: the index of a query whose links are shown, by styles that show some.
        key: the index of a key whose links are shown.
        texts: the texts whose attention it is, each with its name: ``text``, ``target``.
        force: also replace a file that attnviz did not write.
        note: told once which characters no installed font has.

    Returns:
        The file, and that of its caption.

    Raises:
        UsageError: the size is too small.
        OutputError: the file cannot be written, or is another program's.
    """
    path = Path(path)
    drawn, families = _drawn(attention, style, "", texts, note)
    with own_settings():
        scenes = _noted([(path, _figure(drawn, query, key))], note)
        (paths,) = write_scenes(scenes, style, families, force=force)
    return paths


def write_similarity(
    attention: Attention,
    distances: np.ndarray,
    clusters: Clusters,
    path: str | Path,
    style: PictureStyle,
    *,
    prefix: str = "",
    force: bool = False,
    note: Note | None = None,
) -> list[Path]:
    """Writes the distances between heads, in the order of their clusters.

    Args:
        attention: whose heads they are.
        distances: (n, n) between its heads, layer by layer.
        clusters: as ``head_clusters`` gives them.
        path: a folder, in which ``similarity.png`` is written; or one file, if the name ends so.
        style: what the user chose; with the scale ``head`` the colours end at the largest distance, not at 1.
        prefix: what the name of a file in a folder begins with.
        force: also replace a file that attnviz did not write.
        note: told once which characters no installed font has.

    Returns:
        The files, one a format, and that of the caption.

    Raises:
        UsageError, OutputError: as ``write_figure``.
    """
    path = Path(path)
    place = path if is_figure(path) else own_folder(path) / f"{prefix}similarity"
    drawn, families = _drawn(as_distances(attention, distances, clusters.order), style, "", (), note)
    with own_settings():
        (paths,) = write_scenes([(place, similarity_scene(drawn, attention, clusters))], style, families, force=force)
    return paths


def figure_pixels(
    attention: Attention | Condensed, style: PictureStyle, *, texts: NamedTexts = (), note: Note | None = None
) -> np.ndarray:
    """The figure that ``write_figure`` writes, as (height, width, 4) uint8."""
    drawn, families = _drawn(attention, style, "", texts, note)
    with own_settings():
        return Drawing(families, style.dpi).pixels(_figure(drawn, None, None))


def chosen_fonts(attention: Attention, texts: NamedTexts, note: Note | None) -> tuple[tuple[str, ...], Instead]:
    """The fonts for all labels, and what replaces characters that none has; ``note`` gets one line about them."""
    families, missing = families_for(characters(attention, texts))
    if note and (text := missing_note(missing)):
        note(text)
    return families, replacements(missing)


def _drawn(
    attention: Attention | Condensed, style: PictureStyle, prefix: str, texts: NamedTexts, note: Note | None
) -> tuple[Drawn, tuple[str, ...]]:
    whole, strides, sentences = attention if isinstance(attention, Condensed) else (attention, (1, 1), None)
    families, instead = chosen_fonts(whole, (*texts, ("title", style.title or "")), note)
    return Drawn(whole, strides, sentences, style, instead, measure_in(families), prefix, texts), families


def _noted(scenes: Iterable[tuple[Path, Scene]], note: Note | None) -> Iterator[tuple[Path, Scene]]:
    """The scenes, as they are; ``note`` gets each of their notes once."""
    known: set[str] = set()
    for path, scene in scenes:
        for text in scene.notes:
            if note and text not in known:
                note(text)
            known.add(text)
        yield path, scene


def _figure(drawn: Drawn, query: int | None, key: int | None) -> Scene:
    attention = drawn.attention
    if drawn.style.kind != "matrix":
        return words_scene(drawn, query, key)
    if len(attention) == 1:
        return next(scene for _, scene in head_scenes(drawn))
    return panel_scene(drawn) if _is_selection(attention) else overview_scene(drawn)


def _scenes_of_heads(drawn: Drawn, query: int | None, key: int | None) -> Iterator[tuple[str, Scene]]:
    """A picture of each matrix with its file's stem."""
    if drawn.style.kind == "matrix":
        yield from head_scenes(drawn)
        return
    for index in range(len(drawn.attention)):
        one = replace(drawn, attention=drawn.attention.only(*divmod(index, drawn.attention.matrices.shape[1])))
        yield file_stem(drawn.attention, index, drawn.prefix), words_scene(one, query, key)


def _is_selection(attention: Attention) -> bool:
    """Whether only some of the model's matrices were asked for, and so few that each can be a panel."""
    sizes = [attention.model.config.get(name) for name in ("n_layers", "n_heads")]
    n_layers, n_heads = (size if isinstance(size, int) else 0 for size in sizes)
    n_all = n_layers * n_heads if attention.axes[:2] == ("layer", "head") else 0
    return len(attention) <= (MOST_PANELS if len(attention) < n_all else FEW_PANELS)
