"""Lines of words: the text and its model, the head with its metrics, what is selected, and the keys."""

from math import isnan

from rich.style import Style

from attnviz.analysis.heads.definitions import METRICS
from attnviz.errors import one_line
from attnviz.explorer.canvas import Hit
from attnviz.explorer.keys import hints
from attnviz.explorer.sight import Sight, replace_last
from attnviz.output.decimals import decimal
from attnviz.output.labels import cell_width, cut, isolated
from attnviz.output.page.content import set_name
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, StyledLine
from attnviz.output.words import model_words, rest_word
from attnviz.trace.tokens import Tokens, token_numbers

_LEAST_TEXT = 12  # columns
_LEAST_METRIC = len("  entropy 0.00")


def text_line_of(sight: Sight, width: int) -> StyledLine:
    """The text, or both texts, and the model."""
    about, screen = sight.exploration.about, sight.screen
    texts = [one_line(text) for text in (about.text, about.pair, about.target) if text]
    text = screen.carried(" | ".join(texts) or about.where or "no text")
    names = (model_words(about.model), one_line(about.model.origin))
    models = [screen.carried(f"  {name}") for name in names]
    model = next((one for one in models if cell_width(text) + cell_width(one) <= width), models[-1])
    room = width - cell_width(model)
    if room < min(_LEAST_TEXT, cell_width(text)):
        room, model = width, ""
    return [(isolated(cut(text, room, ascii=screen.ascii)), BOLD), (model, DIM)]


def head_line(sight: Sight, width: int) -> StyledLine:
    """The head's name, its label and as many of its metrics as fit."""
    head, last = sight.head, sight.last
    several = len({name.kind for name in sight.exploration.sets}) > 1
    name = head.name if head.name.startswith("L") else head.title
    if last is not None:
        name = f"{name} minus {last.name}"
    line: StyledLine = [(cut(name, width, ascii=sight.screen.ascii), BOLD)]
    used = cell_width(name)
    parts = []
    if sight.name.values != "weights" or several:
        parts.append(set_name(sight.name.values, head.reduce, sight.name.kind if several else None))
    if sight.facts is not None:
        room = width - used - sum(cell_width(part) + 2 for part in parts) - 2 - _LEAST_METRIC
        parts.append(sight.head_label(sight.state.head, room))
        parts += _metrics(sight)
    for part in parts:
        text = f"  {cut(part, width - 2, ascii=sight.screen.ascii)}"
        if used + cell_width(text) > width:
            break
        line.append((text, PLAIN if len(line) == 1 else DIM))
        used += cell_width(text)
    return line


def _metrics(sight: Sight) -> list[str]:
    """The head's metrics, the one that orders the ranking first."""
    if sight.facts is None:
        return []
    values = sight.facts.metrics.values
    order = sorted((name for name in METRICS if name in values), key=lambda name: METRICS[name].rank)
    if sight.order in order:
        order = [sight.order, *(name for name in order if name != sight.order)]
    numbers = ((name, float(values[name][sight.place])) for name in order)
    return [f"{name} {decimal(value, METRICS[name].decimals)}" for name, value in numbers if not isnan(value)]


def name_of(sight: Sight, tokens: Tokens, index: int) -> str:
    """A word with its number: ``it (10)``."""
    label = cut(sight.labels((tokens[index],))[0], 20, ascii=sight.screen.ascii)
    return f"{isolated(label)} ({token_numbers(tokens)[index]})"


def status_text(sight: Sight) -> str:
    """What is selected, as one sentence."""
    word = name_of(sight, sight.subjects, sight.word)
    if sight.partner is not None:
        return _link_text(sight, *sight.cell(sight.partner))
    verb = sight.verb
    if sight.last is not None:
        verb = "looks more (+) or less (-) at" if sight.is_from else "is looked at more (+) or less (-) by"
    names = [f"{sight.labels((sight.others[i],))[0]} {sight.number(sight.values[i])}" for i in sight.strongest(3)]
    rest = ""
    if sight.rest is not None:
        others = "the rest" if rest_word(sight.head) == "rest" else "special tokens"
        rest = f"; {others} {sight.number(sight.rest)}"
    return f"{word} {verb} {', '.join(names) or 'no other word'}{rest}"


def _link_text(sight: Sight, query: int, key: int) -> str:
    """One link, its number, and its rank."""
    names = [name_of(sight, tokens, i) for tokens, i in ((sight.attention.queries, query), (sight.attention.keys, key))]
    text = f"{names[0]} -> {names[1]} "
    if sight.hidden[query, key]:
        return f"{text}masked"
    value = float(sight.numbers[query, key])
    if sight.last is not None:
        single = replace_last(sight)
        parts = [f"{one.name} {single.number(float(one.numbers[query, key]))}" for one in (sight.head, sight.last)]
        return f"{text}{', '.join(parts)}, difference {sight.number(value)}"
    seen = sight.values[~sight.absent]
    rank = int((seen > value).sum()) + 1
    unit = "keys" if sight.is_from else "queries"
    return f"{text}{sight.number(value)}, number {rank} of {len(seen)} {unit}"


def pointed_text(sight: Sight, target: Hit) -> str:
    """What is under the pointer."""
    if target.kind in ("head", "rank"):
        return _head_text(sight, head_of(sight, target))
    if target.kind == "cell":
        names = [
            sight.labels((tokens[i],))[0]
            for tokens, i in (
                (sight.attention.queries, target.row),
                (sight.attention.keys, target.column),
            )
        ]
        value = sight.numbers[target.row, target.column]
        text = "masked" if sight.hidden[target.row, target.column] else sight.number(float(value))
        return f"{names[0]} -> {names[1]} {text}"
    if target.kind == "own":
        return name_of(sight, sight.subjects, target.row)
    query, key = sight.cell(target.row)
    return pointed_text(sight, Hit("cell", query, key))


def head_of(sight: Sight, target: Hit) -> int:
    """The index of the head under the pointer."""
    if target.kind == "rank":
        return sight.ranking[target.row]
    n_columns: int = sight.attention.matrices.shape[1]
    return target.row * n_columns + target.column


def _head_text(sight: Sight, index: int) -> str:
    parts = [sight.heads[index].name, sight.head_label(index)]
    if sight.order == "link" or sight.order in METRICS:
        parts.append(f"{sight.order} {sight.head_number(index)}")
    return "  ".join(filter(None, parts))


def keys_line(sight: Sight, width: int) -> StyledLine:
    """The keys of the pane that has the arrows, as many as fit."""
    line: StyledLine = []
    used = 0
    last = [("?", "all")]
    for key, words in [*hints(sight.state.pane, is_ascii=sight.screen.ascii), *last]:
        text = f"{'  ' if line else ''}{key} {words}"
        end = 0 if key == "?" else len("  ? all")
        if used + cell_width(text) + end > width:
            continue
        line += [(f"{'  ' if line else ''}{key}", BOLD), (f" {words}", DIM)]
        used += cell_width(text)
    return line


def plain_line(text: str, sight: Sight, width: int, style: Style = PLAIN) -> StyledLine:
    """A text cut to the width."""
    return [(cut(sight.screen.carried(text), width, ascii=sight.screen.ascii), style)]
