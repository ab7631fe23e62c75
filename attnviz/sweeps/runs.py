"""Prepared texts through the stack: many in batches, long ones a part at a time, and what was asked for of each."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from attnviz.analysis.matrices.parts import joined
from attnviz.analysis.matrices.paths import check_flow, check_path
from attnviz.analysis.matrices.rerun import Ran
from attnviz.analysis.matrices.selection import Choice, Request, arrange, arranged_parts, arranged_tokens
from attnviz.analysis.matrices.values import IN_PARTS, lost_to_sinks, value_addresses, values_in_parts, values_of
from attnviz.encoder.batch import batches, stacked
from attnviz.encoder.config.block import Block
from attnviz.encoder.long.head_rows import HeadRows
from attnviz.encoder.masks import masked_keys
from attnviz.encoder.stack import BY_HEADS, Address, stream
from attnviz.encoder.stack import run as run_stack
from attnviz.errors import InputError, TokenChoiceError, UsageError
from attnviz.model import Model
from attnviz.names import KINDS, PATHS
from attnviz.records import dataclass
from attnviz.sweeps.prepared import Prepared
from attnviz.sweeps.run import Run
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.trace import Trace

MOST_HELD = 1 << 24  # numbers of matrices that are held of one text, or of several together (64 MB)
_MOST_TEXTS = 256  # that are looked at together for texts of equal length


def run_prepared(model: Model, prepared: Prepared, request: Request) -> Result:
    """Runs the stack as far as the request needs and gathers what it asked for."""
    return next(runs(model, [prepared], request)).result()


def runs(model: Model, texts: Iterable[Prepared], request: Request) -> Iterator[Run]:
    """A run of each text, in their order; short ones are run together, which changes nothing but the time.

    Args:
        model: what ``load`` gave.
        texts: read a bounded number ahead.
        request: what to compute of each.

    Raises:
        UsageError, InputError: at the text that they are of, or when its run is asked for its result.
    """
    waiting = iter(texts)
    while some := [_Plan.of(model, text, request) for text in islice(waiting, _MOST_TEXTS)]:
        together: list[_Plan] = []
        held = 0
        for plan in some:
            held += plan.numbers
            alone = any(one.is_alone for one in (plan, *together[:1]))
            if together and (held > MOST_HELD or alone or plan.kinds != together[0].kinds):
                yield from _together(together)
                together, held = [], plan.numbers
            together.append(plan)
        yield from _together(together)


def _together(plans: "list[_Plan]") -> Iterator[Run]:
    """Runs of texts whose matrices are held at the same time; of one text, when it is asked for."""
    done: dict[int, Result] = {}
    for batch in batches([plan.text.n_tokens for plan in plans]) if len(plans) > 1 else ():
        if len(batch) > 1:
            with suppress(InputError, TokenChoiceError):  # of one of them: it is raised when that is run by itself
                done |= zip(batch, _batch_results([plans[i] for i in batch]), strict=True)
    for i, plan in enumerate(plans):
        yield Run.of(done.pop(i), plan.model, plan.text) if i in done else plan.run()


def _batch_results(plans: "list[_Plan]") -> list[Result]:
    first = plans[0]
    model, values = first.model, first.request.run_values
    source = stacked([plan.text.source for plan in plans])
    targets = [plan.text.target for plan in plans if plan.text.target is not None]
    target = stacked(targets) if first.kinds != ("encoder",) else None  # decoder attention: each text has a target
    trace = run_stack(model.batch_params, model.config, first.addresses, source, target, heads=first.heads)
    results = []
    for at, plan in enumerate(plans):
        arrays = {}
        for kind in plan.kinds:
            n_queries, n_keys = map(len, plan.text.sides(kind))
            arrays[kind] = [
                getattr(trace[kind, i], values)[at, heads, :n_queries, :n_keys] for i, heads in plan.rows(kind)
            ]
        results.append(plan.gathered(arrays))
    return results


@dataclass(frozen=True, eq=False)
class _Plan:
    """What a request means for one text."""

    model: Model
    text: Prepared
    request: Request
    kinds: tuple[str, ...]
    choices: Mapping[str, Choice]  # by kind: a decoder may have more or fewer layers than the encoder

    @classmethod
    def of(cls, model: Model, text: Prepared, request: Request) -> "_Plan":
        kinds = kinds_of(request, text)
        config = model.config
        choices = {kind: _choice_of(request, kind, config, alone=len(kinds) == 1) for kind in kinds}
        for kind in kinds if request.reduce in PATHS else ():
            check_path(request.reduce, kind, choices[kind].layers)
        return cls(model, text, request, kinds, choices)

    @property
    def heads(self) -> Mapping[str, tuple[int, ...]]:
        """By kind, the heads that are run, each once."""
        return {kind: tuple(dict.fromkeys(choice.heads)) for kind, choice in self.choices.items()}

    def rows(self, kind: str) -> Iterator[tuple[int, slice | list[int]]]:
        """The layer of each row of matrices, and where its heads are among those that are run."""
        choice, heads = self.choices[kind], self.heads[kind]
        for i, layer in enumerate(choice.layers):
            yield layer, [heads.index(choice.heads[i])] if choice.by_name else slice(None)

    @property
    def numbers(self) -> int:
        """How many there are in all matrices."""
        sizes = (math.prod(map(len, self.text.sides(kind))) for kind in self.kinds)
        counts = (math.prod(self.choices[kind].head_shape) for kind in self.kinds)
        return sum(map(math.prod, zip(counts, sizes, strict=True)))

    @property
    def comes_in_parts(self) -> bool:
        """Whether the values can be computed of some heads without the others, and no further array is asked for."""
        return self.request.run_values in IN_PARTS and not self.request.keep

    @property
    def is_alone(self) -> bool:
        """Whether it has to be run by itself."""
        is_plain = self.request.run_values in BY_HEADS and not self.request.keep
        return not is_plain or self.text.source.ids is None or self.numbers > MOST_HELD

    @property
    def is_long(self) -> bool:
        """Whether its matrices are many, and can be had a part at a time: in their own order, of one kind."""
        in_order = all(tuple(sorted(choice.every_head)) == choice.every_head for choice in self.choices.values())
        needs_whole = self.request.reduce == "flow" or len(self.kinds) > 1
        return self.numbers > MOST_HELD and self.comes_in_parts and in_order and not needs_whole

    @property
    def comes_in_rows(self) -> bool:
        """Whether it is long, and rows of weights are all that is needed of it: as they are, of tokens, to no sink."""
        request, config = self.request, self.model.config
        as_it_is = request == Request(request.layers, request.heads, request.kinds, lenient=request.lenient)
        one_text = self.kinds == ("encoder",) and self.text.target is None and not self.choices["encoder"].by_name
        return self.is_long and as_it_is and one_text and not config.attention.sink and not config.disentangled.parts

    @property
    def addresses(self) -> frozenset[Address]:
        """The arrays that the run has to compute."""
        keep, values = self.request.keep, self.request.run_values
        addresses = {address for address in keep if isinstance(address, Address)}
        for kind, layer in ((each, number) for each in self.kinds for number in self.choices[each].layers):
            addresses |= {Address(kind, layer, name) for name in keep if isinstance(name, str)}
            addresses |= value_addresses(values, kind, layer)
        return frozenset(addresses)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of layers and heads of the matrices of one kind; a reduced axis counts 1."""
        n_layers, n_heads = max(choice.head_shape for choice in self.choices.values())
        is_reduced = self.request.reduce != "none" or self.request.run_values == "zeroing"
        return n_layers if self.request.reduce in ("none", "mean-heads") else 1, 1 if is_reduced else n_heads

    def run(self) -> Run:
        """The run, when it is asked for."""
        about = partial(self._result, {})
        rows = self.seen if self.comes_in_rows else None
        return Run(self.result, self.parts, about, self.shape, self.is_long, self.model, self.text, rows)

    def result(self) -> Result:
        """Runs it, and gives everything that was asked for."""
        if self.is_long:
            return self._result({self.kinds[0]: joined(self.parts(), self.shape)})
        model, text = self.model, self.text
        if self.request.reduce == "flow":
            check_flow(max(len(text.sides(kind)[0]) for kind in self.kinds))
        narrowed = self.comes_in_parts
        heads = self.heads if narrowed else None
        trace = run_stack(model.params, model.config, self.addresses, text.source, text.target, heads=heads)
        ran, values = Ran(model.params, model.config, trace, text.source, text.target), self.request.run_values
        arrays = {
            kind: [
                values_of(values, ran, kind, i, self.heads[kind], narrowed=narrowed)[at] for i, at in self.rows(kind)
            ]
            for kind in self.kinds
        }
        return self.gathered(arrays, trace if self.request.keep else None)

    def parts(self) -> Iterator[Attention]:
        """Runs it, and gives its matrices as they are computed."""
        if not self.is_long:
            return iter(self.result().views.values())
        return arranged_parts(self._streamed(), self.request)

    def gathered(self, arrays: Mapping[str, list[np.ndarray]], trace: Trace | None = None) -> Result:
        """The result with the matrices of each kind, (n_heads, n_queries, n_keys) a layer."""
        views = {}
        for kind, by_layer in arrays.items():
            matrices = np.stack(by_layer) if len(by_layer) > 1 else by_layer[0][None]  # which is not a copy
            matrices.flags.writeable = False
            masked = self._masked(kind, self.choices[kind].layers)
            views[kind] = arrange(self._attention(kind, self.choices[kind], matrices, masked), self.request)
        return self._result(views, trace)

    def _streamed(self) -> Iterator[Attention]:
        model, (kind,) = self.model, self.kinds
        steps = stream(model.params, model.config, self.addresses, self.text.source, self.text.target, heads=self.heads)
        steps = values_in_parts(self.request.run_values, model.params, steps)
        masked = lru_cache(1)(partial(self._masked, kind))  # a layer's parts share it
        by_name = self.choices[kind].by_name
        left = len(self.choices[kind].every_head)
        for address, value, there in steps:
            heads = tuple(
                head for layer, head in self.choices[kind].every_head if (layer == address.layer) & (head in there)
            )
            if heads and address.layer is not None:  # matrices of heads always have a layer
                picked = value if len(heads) == len(there) else value[[there.index(head) for head in heads]]
                layers = (address.layer,) * (len(heads) if by_name else 1)
                picked = picked[:, None] if by_name else picked[None]
                yield self._attention(kind, Choice(layers, heads, by_name), picked, masked(layers))
                left -= len(heads)
                if not left:  # nobody asks for the other heads of the last layer
                    return
                del picked
            del value  # the next matrix needs its room

    def seen(self, begin: Callable[[Attention], Callable[[HeadRows], None]]) -> None:
        """Runs it, and shows the rows of each layer as they are computed."""
        choice, (n_queries, n_keys) = self.choices["encoder"], map(len, self.text.sides("encoder"))
        nothing = np.broadcast_to(np.float32(0), (1, len(choice.heads), n_queries, n_keys))

        def layer_begins(layer: int) -> Callable[[HeadRows], None]:
            one = Choice((layer,), choice.heads, by_name=False)
            return begin(self._attention("encoder", one, nothing, self._masked("encoder", (layer,))))

        from attnviz.encoder.long.seen_rows import see_rows

        model = self.model
        see_rows(model.params, model.config, choice.layers, choice.heads, self.text.source, layer_begins)

    def _masked(self, kind: str, layers: tuple[int, ...]) -> np.ndarray | None:
        return masked_keys(self.model.config, kind, layers, self.text.source, self.text.target)

    def _attention(self, kind: str, choice: Choice, matrices: np.ndarray, masked: np.ndarray | None) -> Attention:
        queries, keys = self.text.sides(kind)
        return Attention(
            matrices=matrices,
            queries=queries,
            keys=keys,
            layers=choice.layers,
            heads=choice.heads,
            by_name=choice.by_name,
            model=self.model.info,
            kind=kind,
            values=self.request.run_values,
            masked=masked,
            rest=lost_to_sinks(matrices, self.model.config, self.request.run_values),
        )

    def _result(self, views: Mapping[str, Attention], trace: Trace | None = None) -> Result:
        text = self.text
        return Result(
            text=text.text,
            views=views,
            model=self.model.info,
            tokens=arranged_tokens(text.tokens, self.request),
            target_tokens=arranged_tokens(text.target_tokens, self.request),
            pair=text.pair,
            target=text.target_text,
            trace=trace,
            where=text.where,
            n_given=text.n_given,
        )


def _choice_of(request: Request, kind: str, config: Block, *, alone: bool) -> Choice:
    """The layers and heads of a kind.

    Raises:
        UsageError: a layer or head that does not exist; of several kinds, the hint says of which.
    """
    try:
        return Choice.of(request, config.layers_of(kind), config.heads_of(kind))
    except UsageError as error:
        if alone or error.hint:
            raise
        raise UsageError(str(error), hint=f"that is of {kind} attention; choose one with --kind") from error


def kinds_of(request: Request, text: Prepared) -> tuple[str, ...]:
    """The kinds of attention that a request wants of a text.

    Raises:
        UsageError: one that takes a target text, and there is none.
    """
    there = ("encoder",) if text.target is None else KINDS
    for kind in request.kinds or ():
        if kind not in there:
            raise UsageError(f"kind: {kind} attention needs a target text; expected --target TEXT")
    return request.kinds_of(there)
