"""What is asked of a run, and which layers and heads that is: ``0,2-3,-1``, ``all``, or ``L2H8,L1H7``."""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import field, fields, replace
from functools import partial
from itertools import product

from attnviz.analysis.choices.segments import segment_tokens, sum_segments
from attnviz.analysis.choices.token_choice import TokenChoice, check_parts, choose_tokens
from attnviz.analysis.matrices.parts import in_memory, picked_heads
from attnviz.analysis.matrices.reduce import check_reduction, reduce_attention, reduced_parts
from attnviz.analysis.matrices.words import hide_special, merge_words, merged, visible
from attnviz.encoder.stack import Address
from attnviz.errors import UsageError, brief
from attnviz.names import KINDS, PATHS, REDUCTIONS, SHARES, VALUES
from attnviz.numbers import counted, parse_heads, parse_numbers
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.heads import HeadAxes, head_name
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, numbered
from attnviz.trace.trace import LayerTrace


@dataclass(frozen=True)
class Request:
    """What is asked of a run.

    Attributes:
        layers: a selection of layers: ``all``, ``0,2-3,-1``, a number or several.
        heads: a selection of heads, in the forms of ``layers``, or by their names: ``L2H8,L1H7``.
        kinds: which attention: ``encoder``, ``decoder``, ``cross``; None for all there are.
        values: one of ``VALUES``; None for weights, or what a file holds.
        reduce: one of ``REDUCTIONS``.
        words: merge the pieces of words.
        hide_special: leave out special tokens.
        renormalize: divide what is left of each row by its sum.
        rows: which queries are kept, as ``token_places`` reads them; None for all.
        columns: which keys are kept; None for all.
        blocks: sum attention between segments.
        keep: further arrays for ``Result.trace``: ``LayerTrace``'s names, for the selected layers, or addresses.
        lenient: the options that nobody asked for: ``words`` and ``hide_special`` are left undone where they have no
            meaning (scores; nothing but special tokens), and ``kinds`` is cross-attention where there is some.
    """

    layers: str | int | tuple[int, ...] = "all"
    heads: str | int | tuple[int, ...] = "all"
    kinds: tuple[str, ...] | None = None
    values: str | None = None
    reduce: str = "none"
    words: bool = False
    hide_special: bool = False
    renormalize: bool = False
    keep: frozenset[str | Address] = field(default_factory=frozenset)
    lenient: frozenset[str] = frozenset()
    rows: str | None = None
    columns: str | None = None
    blocks: bool = False

    def __post_init__(self) -> None:
        arrays = [f.name for f in fields(LayerTrace) if f.name not in ("kind", "layer")]
        kept = [name for name in self.keep if isinstance(name, str)]
        for name, given, known in (
            ("values", [self.values], (None, *VALUES)),
            ("reduce", [self.reduce], REDUCTIONS),
            ("kinds", self.kinds or (), KINDS),
            ("keep", kept, arrays),
        ):
            for value in given:
                if value not in known:
                    expected = ", ".join(str(k) for k in known if k is not None)
                    raise UsageError(f"{name}: {brief(value)!r} is not known; expected {expected}")

        if self.names is not None and self.layers != "all":
            raise UsageError(
                f"layer, head: {self.heads} names layers, and layer {self.layers} is given too; expected names alone, "
                "or numbers of layers and of heads"
            )
        if self.reduce != "none":
            self.of_grid(f"reduce {self.reduce}")
        check_parts(self.choice, self.run_values, blocks=self.blocks)
        if self.words and self.run_values == "scores" and "words" not in self.lenient:
            raise UsageError("words, values: sums of scores mean nothing; expected weights")
        if self.renormalize:
            _check_shares(self.run_values)
        if self.heads != "all":
            _check_heads(self.run_values)
        check_reduction(self.reduce, self.run_values)

    @property
    def names(self) -> tuple[tuple[int, int], ...] | None:
        """The layers and heads that ``heads`` lists by name; None where it does not list names."""
        return parse_heads(self.heads) if isinstance(self.heads, str) else None

    @property
    def choice(self) -> TokenChoice:
        """The rows and columns that are kept; false where all of them are."""
        return TokenChoice(self.rows, self.columns, self.hide_special, self.renormalize)

    def of_grid(self, user: str) -> "Request":
        """The request with numbers of layers and of heads where names were listed.

        Args:
            user: what needs a grid of layers and heads, for the message.

        Raises:
            UsageError: the names are not those of every head of a grid.
        """
        if self.names is None:
            return self
        layers, heads = _grid(self.names)
        if len(layers) * len(heads) > len(self.names):
            whole = ",".join(head_name(*place) for place in product(layers, heads))
            raise UsageError(
                f"head: {self.heads} is not a grid of layers and heads, and {user} needs one; expected every head of "
                f"a grid, such as {whole}"
            )
        return replace(self, layers=layers, heads=heads)

    @property
    def run_values(self) -> str:
        """What a run computes: weights unless something else is asked for."""
        return self.values or "weights"

    def kinds_of(self, available: tuple[str, ...]) -> tuple[str, ...]:
        """The kinds asked for, or all that are available; for rollout and flow, all but cross-attention."""
        if self.kinds:
            return self.kinds
        if self.reduce in PATHS:
            return tuple(kind for kind in available if kind != "cross") or available
        return ("cross",) if "kinds" in self.lenient and "cross" in available else available


AS_PEOPLE_SEE = Request(words=True, hide_special=True, lenient=frozenset(("words", "hide_special")))
"""Whole words without special tokens, as far as matrices can have them."""


@dataclass(frozen=True)
class Choice(HeadAxes):
    """The layers and heads that a request chooses of a model, or of a file."""

    layers: tuple[int, ...]
    heads: tuple[int, ...]
    by_name: bool = False

    @classmethod
    def of(cls, request: Request, n_layers: int, n_heads: int) -> "Choice":
        """What the request chooses of so many layers and heads.

        Raises:
            UsageError: a layer or head that does not exist.
        """
        if request.reduce != "none":
            request = request.of_grid(f"reduce {request.reduce}")
        if request.names is None:
            return cls(select(request.layers, n_layers, "layer"), select(request.heads, n_heads, "head"))
        pairs = [(counted(i, n_layers, "layer"), counted(j, n_heads, "head")) for i, j in request.names]
        layers, heads = _grid(pairs)
        if pairs == list(product(layers, heads)):
            return cls(layers, heads)
        layers, heads = zip(*dict.fromkeys(pairs), strict=True)
        return cls(layers, heads, by_name=True)


def _grid(pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The layers and the heads of a list of both, each once."""
    return tuple(dict.fromkeys(layer for layer, _ in pairs)), tuple(dict.fromkeys(head for _, head in pairs))


def _check_shares(values: str) -> None:
    if values not in SHARES:
        raise UsageError(f"renormalize, values: rows of {values} do not sum to 1; expected weights")


def _check_heads(values: str) -> None:
    if values == "zeroing":
        raise UsageError("head, values: zeroing is of all heads together; expected no selection of heads")


def select(selection: str | int | list[int] | tuple[int, ...], n: int, axis: str) -> tuple[int, ...]:
    """The numbers selected of ``n`` layers or heads, in the order given, each once.

    Args:
        selection: ``all``, one number, several, or text such as ``0,2-3,-1``; negative numbers count from the end.
        n: how many there are.
        axis: ``layer``, ``head`` or ``query``, for the messages.

    Raises:
        UsageError: the text is not a selection, or names one that does not exist.
    """
    if selection == "all":
        return tuple(range(n))
    if isinstance(selection, str):
        return parse_numbers(selection, n, axis)
    several = selection if isinstance(selection, list | tuple) else [selection]
    numbers = tuple(dict.fromkeys(counted(operator.index(i), n, axis) for i in several))
    if not numbers:
        raise UsageError(f"{axis}: nothing is selected; expected at least one")
    return numbers


def select_one(selection: str | int, n: int, axis: str) -> int:
    """One number of ``n``.

    Raises:
        UsageError: it is none, or several.
    """
    numbers = select(selection, n, axis)
    if len(numbers) != 1:
        raise UsageError(f"{axis}: {brief(selection)!r} selects {len(numbers)}; expected one")
    return numbers[0]


def arrange(attention: Attention, request: Request) -> Attention:
    """What is asked of selected matrices, in this order: words, hiding, reduction; but rollout and flow come first.

    Raises:
        UsageError: words of scores; a reduction that does not fit.
        InputError: nothing but special tokens.
    """
    if request.reduce in PATHS and attention.reduce == "none":
        attention = reduce_attention(attention, request.reduce)
    attention = _of_tokens(attention, request)
    return attention if attention.reduce != "none" else reduce_attention(attention, request.reduce)


def arranged_parts(parts: Iterator[Attention], request: Request) -> Iterator[Attention]:
    """The same of matrices that come a part at a time; flow needs the whole.

    Raises:
        UsageError, InputError: as ``arrange``, when the first part is asked for.
    """
    if request.reduce in PATHS:
        return map(partial(_of_tokens, request=request), reduced_parts(parts, request.reduce))
    parts = map(partial(_of_tokens, request=request), parts)  # which, unlike a loop, does not keep the last part
    return parts if request.reduce == "none" else reduced_parts(parts, request.reduce)


def _of_tokens(attention: Attention, request: Request) -> Attention:
    """Between the tokens that are asked for."""
    can_merge = attention.values != "scores" and attention.reduce != "max"
    if request.words and (can_merge or "words" not in request.lenient):
        attention = merge_words(attention)
    if request.blocks:
        attention = sum_segments(attention)
        if "hide_special" in request.lenient:  # segments are few, and special tokens are one of them
            return attention
    if request.choice:
        return choose_tokens(attention, request.choice)
    if request.hide_special and (_has_words(attention) or "hide_special" not in request.lenient):
        if request.renormalize:
            _check_shares(attention.values)
        attention = hide_special(attention, renormalize=request.renormalize)
    return attention


def arranged_tokens(tokens: Tokens, request: Request) -> Tokens:
    """The tokens of a text as ``arrange`` leaves them."""
    merges = request.words and request.run_values != "scores"
    tokens = merged(tokens) if merges else tokens
    if request.blocks:
        tokens = segment_tokens(tokens)
        if "hide_special" in request.lenient:
            return tokens
    if request.choice:
        return numbered(tokens)
    seen = visible(tokens) if request.hide_special else tokens
    return seen or tokens


def _has_words(attention: Attention) -> bool:
    """Whether each side has a token that is not special."""
    return all(any(not token.special for token in side) for side in (attention.queries, attention.keys))


def select_attention(result: Result, request: Request) -> Result:
    """A result that was read rather than run (``--attention``), with the request applied to what it holds.

    Raises:
        UsageError: it does not hold what is asked for.
    """
    views = {}
    for kind in request.kinds_of(tuple(result.views)):
        if kind not in result.views:
            raise UsageError(f"kind: there is no {kind} attention here; expected {' or '.join(result.views)}")
        views[kind] = _narrow(result.views[kind], request)
    return replace(
        result,
        views=views,
        tokens=arranged_tokens(result.tokens, request),
        target_tokens=arranged_tokens(result.target_tokens, request),
    )


def _narrow(attention: Attention, request: Request) -> Attention:
    if request.values not in (None, attention.values):
        needs = " (that takes a model)" if request.values in ("norms", "zeroing") else ""
        raise UsageError(
            f"values: the file holds {attention.values}, not {request.values}{needs}; expected {attention.values}"
        )
    if attention.reduce != "none":
        if request.reduce not in ("none", attention.reduce):
            raise UsageError(f"reduce: the file holds a {attention.reduce}, not {request.reduce}; expected none")
        if (request.layers, request.heads) != ("all", "all"):
            raise UsageError(f"layer, head: the file holds a {attention.reduce}; expected no selection")
        _check_order(attention, request)
        return arrange(in_memory(attention), request)
    if attention.by_name:
        if (request.layers, request.heads) != ("all", "all"):
            raise UsageError(f"layer, head: these are {attention.selection_in_words}; expected no selection")
        return arrange(in_memory(attention), request)
    if request.heads != "all":
        _check_heads(attention.values)
    return arrange(in_memory(picked_heads(attention, _held(request, attention))), request)


def _check_order(attention: Attention, request: Request) -> None:
    """Words and renormalized rows come before a reduction; only words of a mean are the mean of words too."""
    late = []
    if request.words and not ("words" in request.lenient or attention.words) and attention.reduce == "max":
        late.append("words")
    if request.renormalize and not attention.renormalized and attention.reduce not in PATHS:
        late.append("renormalize")
    if late:
        raise UsageError(f"{late[0]}, reduce: the file holds a {attention.reduce}, which comes after it; expected none")


def _held(request: Request, attention: Attention) -> Choice:
    """What the request chooses of the layers and heads that a file holds, which need not be all of its model's."""
    everything = request.names is None
    layers = attention.layers if everything and request.layers == "all" else request.layers
    heads = attention.heads if everything and request.heads == "all" else request.heads
    # Not all up to the last: a file can give a layer any number.
    choice = Choice.of(
        replace(request, layers=layers, heads=heads), max(attention.layers) + 1, max(attention.heads) + 1
    )
    layers = attention.layers if layers is attention.layers else choice.layers
    heads = attention.heads if heads is attention.heads else choice.heads
    for axis, numbers, held in (("layer", layers, attention.layers), ("head", heads, attention.heads)):
        for number in numbers:
            if number not in held:
                raise UsageError(f"{axis}: there is no {axis} {number} here; expected some of {list(held)}")
    return replace(choice, layers=layers, heads=heads)
