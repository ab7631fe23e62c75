"""What ``attnviz diff`` prints: what was compared, the heads that differ most, the weights that changed most."""

from collections.abc import Iterator, Sequence

from attnviz.analysis.difference import Difference, compared_words, sides_in_words
from attnviz.errors import one_line, some
from attnviz.output.documents.diff import change_documents
from attnviz.output.labels import cell_width, cut, fit, isolated, parts_that_differ
from attnviz.output.rendering import Document
from attnviz.output.terminal.lines import row_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import kind_words, provenance_words
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import Tokens

_BAR = 20
_LEAST_CHANGE = 0.0005  # that does not read 0.000
_REST = "*rest*"  # the key of what a row gives to all keys that are not compared


class DiffView(LinesView):
    """A Rich renderable.

    Args:
        document: as ``diff --json`` gives it, with at most ``top`` changes.
        sides: A's queries and keys, which the places of changes count.
        provenance: where the numbers came from.
        screen: where it is printed.
        top: how many heads to print.
        remark: printed below the table of changes.
    """

    def __init__(
        self,
        document: Document,
        sides: tuple[Tokens, Tokens],
        provenance: str,
        screen: Screen,
        *,
        top: int = 10,
        remark: str = "",
    ):
        super().__init__(screen)
        self._document, self._sides, self._provenance, self._top = document, sides, provenance, top
        self._remark = remark

    def lines(self) -> Iterator[StyledLine]:
        """What was compared, then two tables; of equal sides one line."""
        if self._is_equal():
            yield from self.text("A and B are the same text, model and heads: no weight differs")
            if "tolerance" in self._document:
                yield from self._verdict()
            return
        yield from self._texts()
        yield from self.text(provenance_words(self._provenance), DIM)
        yield from (line for words in self._arranged() for line in self.text(words, DIM))
        yield from (line for words in self._alignment() for line in self.text(words))
        yield []
        yield from self._heads()
        yield []
        yield from self._changes()
        if "tolerance" in self._document:
            yield []
            yield from self._verdict()

    def _is_equal(self) -> bool:
        """Whether both sides are the same in every word and number."""
        d = self._document
        return bool(d["a"] == d["b"] and not d["changes"] and all(row["jsd"] == 0 for row in d["heads"]))

    def _texts(self) -> Iterator[StyledLine]:
        """Both texts, of long ones the part where they differ; the kind of attention where it is not the usual."""
        sides = [self._document[name] for name in "ab"]
        texts = {
            name: self.screen.carried(one_line(side["text"]))
            for name, side in zip("AB", sides, strict=True)
            if side["text"] is not None
        }
        if len(texts) == 2:
            parts = parts_that_differ(texts["A"], texts["B"], self.screen.width - 3, ascii=self.screen.ascii)
            texts = dict(zip("AB", parts, strict=True))
        for name, text in texts.items():
            shown = cut(text, self.screen.width - 3, ascii=self.screen.ascii)
            yield [(f"{name}: ", DIM), (isolated(shown), BOLD)]
        if (kind := self._document["kind"]) != "encoder":
            kinds = [kind_words(kind, side.get("target")) for side in sides]
            words = kinds[:1] if kinds[0] == kinds[1] else map("{}: {}".format, "AB", kinds)
            for line in words:
                yield from self.text(line, DIM)

    def _verdict(self) -> Iterator[StyledLine]:
        tolerance = self._document["tolerance"]
        rows = ranked(self._document["heads"])
        over = [row for row in rows if row["jsd"] is not None and row["jsd"] > tolerance]
        if over:
            said = ", ".join(f"{pair_name(row)} {row['jsd']:.4g}" for row in over)
            count = "head exceeds" if len(over) == 1 else "heads exceed"
            yield from self.text(f"FAILS: {len(over)} {count} {tolerance:g}: {said}", BOLD)
        nothing = [pair_name(row) for row in rows if row["jsd"] is None]
        if nothing:
            yield from self.text(f"FAILS: there is nothing to compare, no row is in both: {', '.join(nothing)}", BOLD)
        partly = [f"{pair_name(row)} {row['one_sided']}" for row in rows if row["jsd"] is not None and _partly(row)]
        if partly:
            yield from self.text(f"FAILS: rows that look at anything on one side only: {', '.join(partly)}", BOLD)
        special_only = self._document["aligned"].get("special_only", False)
        if special_only:
            yield from self.text("FAILS: only special tokens are in both", BOLD)
        if not (over or nothing or partly or special_only):
            yield from self.text(f"ok: no jsd exceeds {tolerance:g}")

    def _arranged(self) -> Iterator[str]:
        """How the tokens were arranged before they were compared; for each side where that differs."""
        words = {
            "words": "tokens merged to words",
            "hidden": "special tokens hidden",
            "renormalized": "rows renormalized",
        }
        sides = [", ".join(text for name, text in words.items() if name in self._document[side]) for side in "ab"]
        if sides[0] == sides[1]:
            yield from filter(None, sides[:1])
        else:
            yield from (f"{name}: {said or 'all tokens'}" for name, said in zip("AB", sides, strict=True))

    def _alignment(self) -> Iterator[str]:
        """Which rows and keys are compared, where not all are, and what becomes of the others."""
        d = self._document
        kept = {name: len(d["aligned"][name]) for name in ("queries", "keys")}
        sizes = {name: self._sizes(name) for name in kept}
        has_rest = any(row["rest"] > 0 or row["vs_rest"] > 0 for row in d["heads"])
        whole = {name: sizes[name] == [kept[name]] * 2 for name in kept}
        if all(whole.values()) and not has_rest:
            return
        hidden, words = (all(name in d[side] for side in "ab") for name in ("hidden", "words"))
        noun = "word" if words else "token"
        of = {name: f"of A's {sizes[name][0]} and B's {sizes[name][1]}" for name in kept}
        if all(whole.values()):
            said = "all rows and keys" + " but special tokens" * hidden
        elif kept["queries"] == kept["keys"] and sizes["queries"] == sizes["keys"]:
            said = f"{_count(kept['keys'], noun)} {of['keys']}"
        else:
            rows, keys = _count(kept["queries"], "row"), _count(kept["keys"], "key")
            said = f"{rows} {of['queries']}, and {keys} {of['keys']}"
        left = "" if whole["queries"] else f"rows of added and removed {noun}s are left out, "
        others = "them" if self._rest == "special" else f"{'these' if left else 'other'} keys"
        yield f"compared: {said}; {left}what a row gives to {others} is {self._rest}"
        if d["aligned"].get("special_only"):
            names = [self._sides[0][i].label for i, _ in d["aligned"]["queries"]]
            rows = f" (rows: {some(names, 4)})"
            yield f"only special tokens are in both{rows}: this says nothing about the words"

    @property
    def _rest(self) -> str:
        """The name of what a row gives to all keys that are not compared; they may be special tokens alone."""
        d = self._document
        is_whole = self._sizes("keys") == [len(d["aligned"]["keys"])] * 2
        return "special" if is_whole and all("hidden" in d[side] for side in "ab") else _REST

    def _sizes(self, name: str) -> list[int]:
        """How many queries, or keys, A and B have, without those that only fill the length."""
        d = self._document
        if name == "queries" and any("query_tokens" in d[side] for side in "ab"):
            return [len(d[side].get("query_tokens", d[side]["tokens"])) for side in "ab"]
        return [len(d[side]["tokens"]) - sum(d[side].get("padding", ())) for side in "ab"]

    def _heads(self) -> Iterator[StyledLine]:
        rows = ranked(self._document["heads"])
        known = [row["jsd"] for row in rows if row["jsd"] is not None]
        if known:
            mean = f"{sum(known) / len(known):.3f}"
            of = f"mean of {len(known)} heads" if len(known) > 1 else "one head:"
            yield from self.text(f"jsd: 0 equal, 1 nothing in common; {of} {mean}")
        shown = rows[: self._top]
        names = [pair_name(row) for row in shown]
        width = max(cell_width(name) for name in ("head", *names))
        yield [(f"{'head':<{width}}    jsd", BOLD)]
        glyph = "#" if self.screen.ascii else "█"
        room = min(_BAR, self.screen.width - width - 9)
        for row, name in zip(shown, names, strict=True):
            if row["jsd"] is None:
                text = "      -  no row in both" if room >= len("no row in both") else "      -"
            else:
                text = f"  {row['jsd']:.3f}  {glyph * round(row['jsd'] * room)}".rstrip()
            yield [(f"{name:<{width}}{text}", PLAIN)]
        if len(rows) > len(shown):
            more = len(rows) - len(shown)
            yield from self.text(f"{more} more head{'s' * (more != 1)}: --top {len(rows)}", DIM)
        partly = sum(map(_partly, rows))
        if partly:
            of = f"{partly} head{'s' * (partly != 1)}"
            yield from self.text(f"rows that look at anything on one side only are left out of jsd: in {of}", DIM)

    def _changes(self) -> Iterator[StyledLine]:
        changes = [one for one in self._document["changes"] if abs(one["change"]) >= _LEAST_CHANGE]
        if not changes:
            slightly = f" by {_LEAST_CHANGE} or more" if self._document["changes"] else ""
            yield from self.text(f"no weight changed{slightly}")
            yield from self.text(self._remark, DIM) if self._remark else ()
            return
        queries, keys = (row_labels(side, self.screen) for side in self._sides)
        heads = [pair_name(change) for change in changes]
        width = max(4, *map(len, heads))
        yield [(self.cut(f"{'change':>6} {'A':>6} {'B':>6}  {'head':<{width}}  query -> key"), BOLD)]
        room = self.screen.width - 24 - width
        for change, head in zip(changes, heads, strict=True):
            numbers = f"{change['change']:+.3f} {change['before']:6.3f} {change['after']:6.3f}  {head:<{width}}"
            ends = queries[change["query"]], self._rest if change["key"] is None else keys[change["key"]]
            labels = [one_line(end).strip() for end in ends]
            half = max(1, (room - len(" -> ")) // 2)
            pair = " -> ".join(fit(label, min(half, cell_width(label)), ascii=self.screen.ascii) for label in labels)
            yield [(f"{numbers}  {pair}" if room > 8 else self.cut(numbers), PLAIN)]
        yield from self.text(self._remark, DIM) if self._remark else ()


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def _partly(row: Document) -> bool:
    return "one_sided" in row


def ranked(heads: Sequence[Document]) -> list[Document]:
    """The pairs of heads, those farthest apart first; those without a row in both last."""
    return sorted(heads, key=lambda row: -1.0 if row["jsd"] is None else row["jsd"], reverse=True)


def pair_name(row: Document) -> str:
    """``L0H1``, or ``L3H1/L5H1`` where another head of B is compared."""
    ours, theirs = head_name(row["layer"], row["head"]), head_name(row["vs_layer"], row["vs_head"])
    return ours if ours == theirs else f"{ours}/{theirs}"


def diff_views(
    document: Document,
    screen: Screen,
    *,
    difference: Difference,
    top: int = 10,
    words: bool = True,
    special: bool = False,
) -> Iterator[LinesView]:
    """The tables of heads and changes.

    Args:
        document: as ``diff --json`` gives it.
        screen: where they are printed.
        difference: what the document was made of.
        top: how many heads and changes to print.
        words: whether changes are of whole words.
        special: whether changes of special tokens are among them.
    """
    special = special or difference.special_only
    listed = compared_words(difference) if words and not difference.special_only else difference
    has_special = any(token.special for side in listed.compared_tokens for token in side)
    yield DiffView(
        {**document, "changes": change_documents(listed, top, special=special)},
        listed.sides_with_both_labels,
        sides_in_words(difference.a, difference.b),
        screen,
        top=top,
        remark="without special tokens; --show-special lists them too" if has_special and not special else "",
    )
