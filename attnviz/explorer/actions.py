"""What a key or a click makes of a state; keys that need more than a state name an effect."""

from collections.abc import Callable
from dataclasses import replace

from attnviz.analysis.matrices.spelling import find_word
from attnviz.errors import UsageError
from attnviz.explorer.canvas import Hit
from attnviz.explorer.frame import Screenful
from attnviz.explorer.panes.sentence import words_above
from attnviz.explorer.panes.words import head_of
from attnviz.explorer.sight import Sight
from attnviz.explorer.state import PANES, State
from attnviz.trace.tokens import token_numbers

EFFECTS = {
    "/": "find",
    "i": "type",
    "n": "next",
    "N": "before",
    "e": "explain",
    "y": "command",
    "p": "figure",
    "o": "page",
    "?": "help",
    "q": "quit",
}
"""What keys do besides: the program does it."""

Move = Callable[[Sight, Screenful], State]


def pressed(sight: Sight, key: str, frame: Screenful) -> State | None:
    """The state after a key; None where the key does nothing to it.

    Args:
        sight: what is shown.
        key: a character, or ``left``, ``right``, ``up``, ``down``, ``home``, ``end``, ``tab``, ``shift+tab``,
            ``escape``.
        frame: the screen, as it is.
    """
    if key in ("left", "right", "up", "down"):
        return _arrow(sight, key, frame)
    action = _ACTIONS.get(key)
    return None if action is None else action(sight, frame)


def clicked(sight: Sight, target: Hit) -> State:
    """The state after a click: the head, the word or the link that is there."""
    state = sight.state
    if target.kind in ("head", "rank"):
        pane = replace(state, pane="heads" if target.kind == "head" else "ranking")
        return pane.at_head(head_of(sight, target))
    if target.kind == "cell":
        row, column = (target.row, target.column) if sight.is_from else (target.column, target.row)
        numbers = token_numbers(sight.subjects)[row], token_numbers(sight.others)[column]
        return replace(state, word=numbers[0], partner=numbers[1], pane="matrix")
    if target.kind == "own" or sight.is_square:
        return _at_word(sight, target.row)
    return replace(state, partner=token_numbers(sight.others)[target.row])


def at_text(sight: Sight, text: str) -> State:
    """The state at a word that was typed: one as ``--from`` takes it, or else the next that begins with it.

    Raises:
        UsageError: no word is like that.
    """
    try:
        return _at_word(sight, find_word(text, sight.subjects, "find"))
    except UsageError:
        labels = [label.casefold() for label in sight.labels(sight.subjects)]
        order = [*range(sight.word + 1, len(labels)), *range(sight.word + 1)]
        near = next((i for i in order if text and labels[i].startswith(text.casefold())), None)
        if near is None:
            raise
        return _at_word(sight, near)


def _at_word(sight: Sight, index: int) -> State:
    index = max(0, min(len(sight.subjects) - 1, index))
    return replace(sight.state, word=token_numbers(sight.subjects)[index], partner=None)


def _word(step: int) -> Move:
    return lambda sight, _: _at_word(sight, sight.word + step)


def _partner(sight: Sight, step: int) -> State:
    """The link to the word before or after the one that is chosen, or else that is the strongest."""
    tokens = sight.others
    at = 0 if sight.link is None else sight.link + step
    number = token_numbers(tokens)[max(0, min(len(tokens) - 1, at))]
    return replace(sight.state, partner=number)


def _arrow(sight: Sight, key: str, frame: Screenful) -> State:
    """What an arrow does in the pane that has them."""
    right, down = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[key]
    pane = sight.state.pane
    if pane == "heads":
        return _neighbour(sight, right, down)
    if pane == "ranking":
        return _ranked(right + down)(sight, frame)
    if pane == "sentence":
        above = words_above(frame.sentence, sight.word, down) if down and sight.is_square else None
        if down and not sight.is_square:
            return _partner(sight, down)
        return _at_word(sight, sight.word + right if not down else (sight.word if above is None else above))
    across = down if not sight.is_from else right
    along = right if not sight.is_from else down
    return _partner(sight, across) if across else _keeping_partner(sight, along)


def _keeping_partner(sight: Sight, step: int) -> State:
    """The next word, with the other end of the link where it was."""
    return replace(_at_word(sight, sight.word + step), partner=sight.state.partner)


def _neighbour(sight: Sight, right: int, down: int) -> State:
    """The next head of the grid; at its edge the same."""
    n_rows, n_columns = sight.attention.matrices.shape[:2]
    row, column = sight.place[0] + down, sight.place[1] + right
    if not (0 <= row < n_rows and 0 <= column < n_columns):
        return sight.state
    return sight.state.at_head(row * n_columns + column)


def _ranked(step: int) -> Move:
    """The next head of the ranking, or the one before."""

    def action(sight: Sight, _: Screenful) -> State:
        order = sight.ranking
        at = order.index(sight.state.head) + step
        return sight.state.at_head(order[max(0, min(len(order) - 1, at))])

    return action


def _order(step: int) -> Move:
    """The next order of the ranking; after a link in every head that which was there before it."""

    def action(sight: Sight, frame: Screenful) -> State:
        if sight.state.link:
            return replace(sight.state, link=False)
        orders = sight.orders(patterns=frame.patterns)
        now = sight.state.order if sight.state.order in orders else orders[0]
        return replace(sight.state, order=orders[(orders.index(now) + step) % len(orders)])

    return action


def _set(step: int) -> Move:
    """The next set of matrices, at the same head, or at the nearest where it has other heads."""

    def move(sight: Sight, _: Screenful) -> State:
        n = (sight.state.set + step) % len(sight.exploration.sets)
        after = replace(sight, state=replace(sight.state, set=n, head=0))
        (n_rows, n_columns), old = after.attention.matrices.shape[:2], sight.attention.matrices.shape[:2]
        if (n_rows, n_columns) == old:
            return replace(sight.state, set=n)
        row, column = sight.place
        head = min(row, n_rows - 1) * n_columns + min(column, n_columns - 1)
        return replace(sight.state, set=n, head=head, last=None, compares=False)

    return move


def _pane(step: int) -> Move:
    return lambda sight, _: replace(sight.state, pane=PANES[(PANES.index(sight.state.pane) + step) % len(PANES)])


def _direction(sight: Sight, side: str) -> State:
    return sight.state if sight.state.side == side else sight.state.turned(square=sight.is_square)


def _link(sight: Sight, _: Screenful) -> State:
    """The link in every head; where that is there, or in the matrix, the key after."""
    if sight.state.pane == "matrix" or sight.state.link:
        return _partner(sight, 1)
    return replace(sight.state, link=True)


def _compared(sight: Sight, _: Screenful) -> State:
    """The head less the one before; of a first head the one that comes next in the ranking."""
    state = sight.state
    if state.compares or len(sight.heads) == 1:
        return replace(state, compares=False)
    last = state.last
    if last is None or last == state.head:
        last = next(index for index in sight.ranking if index != state.head)
    return replace(state, compares=True, last=last)


_ACTIONS: dict[str, Move] = {
    "j": _word(1),
    "k": _word(-1),
    "h": lambda sight, _: _partner(sight, -1),
    "l": _link,
    "L": lambda sight, _: replace(sight.state, link=not sight.state.link),
    "home": lambda sight, _: _at_word(sight, 0),
    "end": lambda sight, _: _at_word(sight, len(sight.subjects) - 1),
    "[": _ranked(-1),
    "]": _ranked(1),
    "tab": _pane(1),
    "shift+tab": _pane(-1),
    "d": lambda sight, _: sight.state.turned(square=sight.is_square),
    "f": lambda sight, _: _direction(sight, "from"),
    "t": lambda sight, _: _direction(sight, "to"),
    "w": lambda sight, _: replace(sight.state, words=not sight.state.words),
    "s": lambda sight, _: replace(sight.state, special=not sight.state.special),
    "m": _order(1),
    "M": _order(-1),
    "v": _set(1),
    "V": _set(-1),
    "c": _compared,
    "escape": lambda sight, _: replace(sight.state, partner=None, link=False, compares=False),
}
