"""Where a text opens: at a head, and at a word or a link of it."""

from dataclasses import replace

from attnviz.analysis.matrices.spelling import find_word
from attnviz.analysis.one_word import WordQuestion, word_attention
from attnviz.analysis.telling import strongest_telling
from attnviz.api.pages.exploration import Exploration
from attnviz.explorer.sight import Sight
from attnviz.explorer.state import State
from attnviz.output.colormaps import AMBER
from attnviz.output.terminal.screen import Screen
from attnviz.trace.tokens import token_numbers


def opened(exploration: Exploration, state: State, screen: Screen, cmap: str = AMBER) -> Sight:
    """A text at the link of its head that says most.

    Args:
        exploration: the text.
        state: what is kept: the set, the head and the order.
        screen: where it is printed.
        cmap: one of ``TERMINAL_COLORMAPS``.
    """
    sight = Sight(exploration, replace(state, partner=None), screen, cmap)
    head = sight.head
    link = strongest_telling(head) if head.values == "weights" and head.reduce == "none" else None
    side, index = (head.queries, link and link.query) if state.side == "from" else (head.keys, link and link.key)
    number = token_numbers(side)[index or 0]
    return replace(sight, state=replace(sight.state, word=number))


def first_state(exploration: Exploration, *, is_selected: bool = False) -> State:
    """The state at the head that says most, or at the first one of those that were selected."""
    request, facts = exploration.request, exploration.facts(exploration.sets[0].kind)
    has_heads = exploration.request.run_values != "zeroing"
    head = facts.order[0] if facts is not None and has_heads and not is_selected else 0
    return State(head=head, words=request.words, special=not request.hide_special)


def at_question(sight: Sight, question: WordQuestion) -> Sight:
    """The text at a word, in the head that says most of it, as ``attnviz show --from`` prints it first.

    Raises:
        UsageError: the text has no such word.
    """
    asked = replace(sight, state=replace(sight.state, side=question.side, pane="sentence"))
    word = find_word(question.word, asked.subjects, question.side)
    first = word_attention([sight.attention], question).heads[0].name
    head = next(i for i, one in enumerate(sight.heads) if one.name == first)
    return replace(asked, state=replace(asked.state, head=head, word=token_numbers(asked.subjects)[word]))
