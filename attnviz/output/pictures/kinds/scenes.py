"""Pictures of words and their links, in the styles of ``kinds``."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from attnviz.output.picture_scales import picture_scale
from attnviz.output.pictures.descriptions import sentence
from attnviz.output.pictures.kinds.arcs import arcs_scene
from attnviz.output.pictures.kinds.lines import lines_scene
from attnviz.output.pictures.kinds.links import LinkChoice, WordsSubject
from attnviz.output.pictures.kinds.text import text_scene
from attnviz.output.pictures.matrices.sheets import Drawn, first_sentence
from attnviz.output.pictures.scene import Scene
from attnviz.output.words import extent, overview_title

_STYLES: Mapping[str, Callable[[WordsSubject], Scene]] = {"lines": lines_scene, "arcs": arcs_scene, "text": text_scene}


def words_scene(drawn: Drawn, query: int | None, key: int | None) -> Scene:
    """All matrices of what is drawn in one picture, in a style other than ``matrix``.

    Args:
        drawn: what is drawn, and how.
        query: the index of a query whose links are shown; of the style ``text`` by default the most telling one.
        key: the index of a key whose links are shown.
    """
    attention, style = drawn.attention, drawn.style
    matrices = list(attention)
    scale = drawn.own_scales[0] if len(matrices) == 1 else picture_scale(attention, style.ends, style.norm)
    title = matrices[0].title if len(matrices) == 1 else overview_title(attention)
    heading = drawn.heading(title, extent(attention), scale)
    scene = _STYLES[style.kind](
        WordsSubject(attention, drawn.look(scale), heading, drawn.measure, LinkChoice(query, key))
    )
    described = sentence(matrices[0]) if len(matrices) == 1 else first_sentence(drawn)
    return replace(scene, description=described, source=drawn.source)
