"""``attnviz html``: a page to click, with every head of a text or of a comparison."""

from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.cli.command import command, command_app
from attnviz.cli.groups.labels import LabelOptions
from attnviz.cli.options import ManySource
from attnviz.cli.page.options import OpeningOptions, PageOutputOptions, PageSelectionOptions, VersusOptions
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from attnviz.api.diff import DiffReport
    from attnviz.cli.page.places import PagePlace
    from attnviz.sweeps.corpus import Corpus

_EXAMPLES = """
attnviz html "The cat sat on the table" --open
attnviz html "The cat sat on the table" --vs-seed 0 -o diff.html
attnviz html --file sentences.txt -o pages/
attnviz html "The cat sat on the table" --values weights,norms --reduce none,rollout
attnviz html --attention scores.npy --tokens "the cat sat"
"""


app = command_app()


@command(
    app,
    "html",
    examples=_EXAMPLES,
    main="text other out open from_word layer head values file model target attention force",
    topic="html",
)
def html(
    source: ManySource,
    selection: PageSelectionOptions,
    opening: OpeningOptions,
    versus: VersusOptions,
    labels: LabelOptions,
    output: PageOutputOptions,
) -> None:
    """Write a page to click: every head and every word, in one file.

    It opens in any browser, also offline: the page loads nothing. Click a word to see where every head sends it. With a
    second text, or an option such as --vs-seed, the page shows what differs.
    """
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.page.places import PagePlace, open_in_browser, written_line
    from attnviz.cli.page.terminal_command import show_command
    from attnviz.cli.streams import note

    place = PagePlace.of(output.out, force=output.force)
    if output.open and place.path is None:
        raise UsageError("open, out: standard output cannot be opened; expected FILE.html")
    request = selection.request
    options: dict[str, Any] = {
        "request": request,
        "values": selection.values_listed,
        "reduce": selection.reduce_listed,
        "word": opening.question(request, raw=opening.raw_tokens),
        "precision": opening.precision,
        "raw_tokens": opening.raw_tokens,
    }
    texts: Corpus | DiffReport
    if versus.changed():
        from attnviz.cli.page.comparison import compared_sides

        texts, options["command"] = compared_sides(source, selection, versus)
    else:
        texts = corpus_of(source, prints=place.path is None, labels=labels.labels)
        options["command"] = partial(show_command, source, selection, opening)
    is_stream = source.inputs.is_stream and not versus.changed()
    paths = _write(place, texts, options, several=is_stream)
    if paths:
        note(source.common, written_line(place, paths))
    if output.open and not open_in_browser(paths[0]):
        note(source.common, f"no browser was found; open {paths[0]} in one")


def _write(place: "PagePlace", texts: "Corpus | DiffReport", options: dict[str, Any], *, several: bool) -> "list[Path]":
    """Writes one page, or in a folder one per text; returns the files."""
    from attnviz.api.html import html as page_of
    from attnviz.api.html import html_pages
    from attnviz.cli.inputs import peeked

    if not place.is_folder:
        return place.write(page_of(texts, **options))
    are_two, pages = peeked(page for _, page in html_pages(texts, **options))
    return place.write_each(pages, several=several or are_two)
