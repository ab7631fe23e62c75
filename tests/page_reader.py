"""Reads a page as a browser does, with none of the package's code: its data, and the numbers that it shows."""

import base64
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np


class _Elements(HTMLParser):
    """The scripts, styles and metas of a document."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.scripts, self.styles, self.metas, self.starts = [], [], [], []
        self._text = None

    def handle_starttag(self, tag, attrs):
        self.starts.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._text = (dict(attrs), [])
        elif tag == "meta":
            self.metas.append(dict(attrs))

    def handle_data(self, data):
        if self._text is not None:
            self._text[1].append(data)

    def handle_endtag(self, tag):
        if tag in ("script", "style") and self._text is not None:
            attrs, parts = self._text
            (self.scripts if tag == "script" else self.styles).append((attrs, "".join(parts)))
            self._text = None


class Page:
    """A page: its parts as they are in the document, and ``head``, what its JSON says."""

    def __init__(self, document: str):
        elements = _Elements()
        elements.feed(document)
        elements.close()
        self.document, self.starts, self.metas = document, elements.starts, elements.metas
        by_id = {attrs.get("id"): text for attrs, text in elements.scripts}
        self.script, self.head_text, self.data = by_id[None], by_id["head"], by_id["data"]
        self.script_types = [(attrs.get("id"), attrs.get("type")) for attrs, _ in elements.scripts]
        (self.style,) = [text for _, text in elements.styles]
        self.head = json.loads(self.head_text)

    @property
    def policy(self) -> str:
        (policy,) = [meta["content"] for meta in self.metas if meta.get("http-equiv") == "Content-Security-Policy"]
        return policy

    def chunk(self, number: int) -> bytes:
        """One chunk, inflated."""
        start = sum(self.head["chunks"][:number])
        data = self.data[start : start + self.head["chunks"][number]]
        return zlib.decompress(base64.b64decode(data, validate=True), -zlib.MAX_WBITS)

    def set(self, name: str | int = 0, text: int = 0) -> "PageSet":
        """A set by its number or its name in the menu."""
        sets = self.head["texts"][text]["sets"]
        if isinstance(name, str):
            (name,) = [i for i, one in enumerate(sets) if one["name"] == name]
        return PageSet(self, text, name)


@dataclass
class PageSet:
    """One set of matrices of a page."""

    page: Page
    text: int
    number: int

    @property
    def fields(self) -> dict:
        return self.page.head["texts"][self.text]["sets"][self.number]

    @property
    def sides(self) -> tuple[dict, dict]:
        sides = self.page.head["texts"][self.text]["sides"]
        return sides[self.fields["queries"]], sides[self.fields["keys"]]

    def names(self) -> list[str]:
        return [head["name"] for head in self.fields["heads"]]

    def shown(self, *, words: bool, special: bool) -> tuple[list[dict], list[dict]]:
        """The queries and the keys that are seen: their labels, numbers and so on."""
        lists = [self._list(side, words) for side in self.sides]
        return tuple([_item(one, i) for i in _kept(one, special)] for one in lists)

    def matrix(self, head: int, *, words: bool, special: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """The codes of one head, (n_queries, n_keys), and of its rests where special tokens are left out."""
        between, rest = self._codes(head, words=words and self.fields["words"])
        queries, keys = (self._list(side, words) for side in self.sides)
        rows, columns = _kept(queries, special), _kept(keys, special)
        is_whole = special or len(columns) == len(keys["labels"])
        return between[np.ix_(rows, columns)], None if rest is None or is_whole else rest[rows]

    def strings(self, codes: np.ndarray, decimals: int) -> list:
        """Each number as the page prints it, None where it is masked."""
        return [self._string(code, decimals) for code in codes.ravel().tolist()]

    def percents(self, codes: np.ndarray) -> list[int | None]:
        """Each number in whole percent, None where it is masked."""
        texts = self.strings(codes, 2)
        return [None if text is None else int(text.replace(".", "")) for text in texts]

    def _string(self, code, decimals: int) -> str | None:
        form = self.fields["codes"]
        if form.get("float"):
            return None if np.isnan(code) else to_fixed(Fraction(code), decimals)
        if code == (1 << 8 * form["bytes"]) - 1:
            return None
        return to_fixed(Fraction(2 * (code - form["zero"]) + 1, 2 * form["steps"]), decimals)

    def _list(self, side: dict, words: bool) -> dict:
        merges = words and self.fields["words"] and side["words"] is not None
        return side["words"] if merges else side["tokens"]

    def _codes(self, head: int, *, words: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """All codes between tokens, or between words, and all rests."""
        numbers = self._numbers(head)
        queries, keys = self.sides
        n, m = len(queries["tokens"]["labels"]), len(keys["tokens"]["labels"])
        tokens, numbers = numbers[: n * m].reshape(m, n).T, numbers[n * m :]
        special = np.flatnonzero(keys["tokens"]["special"])
        sums = tokens[:, special].sum(axis=1)
        is_float = bool(self.fields["codes"].get("float"))
        result = tokens
        query_words, key_words = (
            side["pieces"] or [[i, 1] for i in range(size)] for side, size in zip(self.sides, (n, m), strict=True)
        )
        if self.fields["words"]:
            merged = np.array([[tokens[i : i + a, j : j + b].sum() for j, b in key_words] for i, a in query_words])
            merged = merged if is_float else merged // np.array([[a] for _, a in query_words])
            numbers = self._patch(merged, numbers, query_words, key_words, is_float=is_float)
            result = merged if words else tokens
        if not self.fields["rest"]:
            assert numbers.size == 0, "the chunk holds more than it should"
            return result, None
        rests, numbers = self._added(sums, numbers[:n]), numbers[n:]
        if self.fields["words"]:
            means = np.array([sums[i : i + a].sum() // a for i, a in query_words])
            word_rests, numbers = self._added(means, numbers[: len(query_words)]), numbers[len(query_words) :]
            rests = word_rests if words else rests
        assert numbers.size == 0, "the chunk holds more than it should"
        return result, rests

    def _patch(self, merged, numbers, query_words, key_words, *, is_float: bool):
        """Puts the numbers of words of several tokens into place; gives the numbers that are left."""
        for w, (_, count) in enumerate(query_words):
            if count > 1:
                some, numbers = numbers[: len(key_words)], numbers[len(key_words) :]
                merged[w] = some if is_float else self._added(merged[w], some)
        single = [w for w, (_, count) in enumerate(query_words) if count == 1]
        for v, (_, count) in enumerate(key_words):
            if count > 1:
                some, numbers = numbers[: len(single)], numbers[len(single) :]
                merged[single, v] = some if is_float else self._added(merged[single, v], some)
        return numbers

    def _added(self, prediction, residuals):
        return (prediction + residuals) % (1 << 8 * self.fields["codes"]["bytes"])

    def _numbers(self, head: int) -> np.ndarray:
        form = self.fields["codes"]
        data = np.frombuffer(self.page.chunk(self.fields["heads"][head]["chunk"]), np.uint8)
        planes = data.reshape(form["bytes"], -1).astype(np.int64)
        whole = sum(plane << 8 * i for i, plane in enumerate(planes))
        return whole.astype(np.uint32).view(np.float32).astype(np.float64) if form.get("float") else whole

    def thumbnail(self, head: int, *, special: bool) -> np.ndarray:
        """The bytes of a head's thumbnail."""
        thumbs = self.fields["thumbs"]
        sizes = thumbs["all"][0] * thumbs["all"][1], thumbs["hidden"][0] * thumbs["hidden"][1]
        data = np.frombuffer(self.page.chunk(thumbs["chunk"]), np.uint8).reshape(len(self.fields["heads"]), sum(sizes))
        part = data[head, : sizes[0]] if special else data[head, sizes[0] :]
        return part.reshape(thumbs["all"] if special else thumbs["hidden"])


def _words_of(side: dict) -> list[list[int]]:
    """Each word's first token and how many it has."""
    return side["pieces"] or [[i, 1] for i in range(len(side["tokens"]["labels"]))]


def _kept(one: dict, special: bool) -> list[int]:
    return [i for i in range(len(one["labels"])) if special or not one["special"][i]]


def _item(one: dict, i: int) -> dict:
    return {name: values[i] for name, values in one.items()}


def to_fixed(value: Fraction, decimals: int) -> str:
    """A number as JavaScript's ``toFixed`` prints it: ties away from 0."""
    size = abs(value) * 10**decimals
    digits = int(size + Fraction(1, 2))
    text = f"{digits // 10**decimals}.{digits % 10**decimals:0{decimals}d}"
    return f"-{text}" if value < 0 else text


def policy_hash(text: str) -> str:
    """The hash of a script or a style in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def words_outside_data(page: Page) -> str:
    """The document without the data, which is noise."""
    return re.sub(re.escape(page.data), "", page.document, count=1)
