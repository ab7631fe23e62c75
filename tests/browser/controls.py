"""What a person does on the page, by mouse and by keyboard, and what that changes."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Control(NamedTuple):
    """One use of one control.

    Attributes:
        sample: the page that has it.
        mouse: does it with the mouse.
        keyboard: does the same with keys, on the focused element alone.
        changes: fields of the state afterwards.
        before: what is done first.
    """

    sample: str
    mouse: Callable[[Any], object]
    keyboard: Callable[[Any], object]
    changes: dict[str, Any]
    before: Callable[[Any], object] = lambda _: None


def pressed(selector: str, key: str = "Enter") -> Callable[[Any], object]:
    """Goes to an element and presses a key."""

    def press(page: Any) -> None:
        page.locator(selector).first.focus()
        page.keyboard.press(key)

    return press


def clicked(selector: str, **options: Any) -> Callable[[Any], object]:
    """Clicks an element."""
    return lambda page: page.locator(selector).first.click(**options)


def button(sample: str, selector: str, changes: dict[str, Any], **more: Any) -> Control:
    """A button: a click, or Enter."""
    return Control(sample, clicked(selector), pressed(selector), changes, **more)


def box(sample: str, selector: str, changes: dict[str, Any]) -> Control:
    """A check box: a click, or the space bar."""
    return Control(sample, clicked(selector), pressed(selector, "Space"), changes)


def choice(sample: str, selector: str, label: str, changes: dict[str, Any], **more: Any) -> Control:
    """A list: an option is chosen, or its first letters are typed."""

    def typed(page: Any) -> None:
        page.locator(selector).focus()
        page.keyboard.type(label, delay=5)
        page.keyboard.press("Enter")

    return Control(sample, lambda page: page.select_option(selector, label=label), typed, changes, **more)


def at(selector: str, x: float, y: float) -> Callable[[Any], object]:
    """Clicks at a share of an element's width and height."""

    def click(page: Any) -> None:
        found = page.locator(selector).bounding_box()
        page.mouse.click(found["x"] + x * found["width"], found["y"] + y * found["height"])

    return click


def chosen(selector: str, label: str) -> Callable[[Any], object]:
    """Chooses an option of a list."""
    return lambda page: page.select_option(selector, label=label)


def link_of_heads(page: Any) -> None:
    """Two heads in colours."""
    page.locator("#grid [data-head='3']").click(modifiers=["Shift"])


CONTROLS: dict[str, Control] = {
    "a head of the grid": button("sentence", "#grid [data-head='32']", {"head": 32}),
    "a head of the ranking": button("sentence", "#ranking .rank:nth-of-type(4)", {"head": 24}),
    "another head in colours": Control(
        "sentence",
        clicked("#grid [data-head='3']", modifiers=["Shift"]),
        pressed("#grid [data-head='3']", "Shift+Enter"),
        {"head": 25, "others": [3]},
    ),
    "a head dropped from the colours": button(
        "sentence", "#chips button:not(:disabled)", {"head": 25, "others": []}, before=link_of_heads
    ),
    "heads as a metric": choice("sentence", "#mode", "metric", {"mode": "metric"}),
    "heads as one link": choice("sentence", "#mode", "one link", {"mode": "link"}),
    "heads by entropy": choice("sentence", "#sort", "entropy", {"sort": "entropy"}),
    "minus a head": choice("sentence", "#minus", "L2H8", {"minus": 32}),
    "links": button("sentence", "[data-view=links]", {"view": "links"}),
    "matrix": button("sentence", "[data-view=matrix]", {"view": "matrix"}),
    "table": button("sentence", "[data-view=table]", {"view": "table"}),
    "both": button("sentence", "[data-view=both]", {"view": "both"}, before=clicked("[data-view=table]")),
    "is looked at by": button("sentence", "[data-side=to]", {"side": "to", "key": 10, "query": None}),
    "looks at": button(
        "sentence", "[data-side=from]", {"side": "from", "query": 10, "key": None}, before=clicked("[data-side=to]")
    ),
    "values": choice("values", "#set", "norms", {"set": 5}),
    "words": box("pieces", "#words", {"words": False}),
    "special tokens": box("sentence", "#hide-special", {"special": True}),
    "pairs": choice("pair", "#pair", "from one to the other", {"pair": "across"}),
    "links by share": choice("sentence", "#by", "share", {"by": "share"}),
    "least weight": Control("sentence", at("#least", 0.5, 0.5), pressed("#least", "Home"), {}),
    "a word": button("sentence", "#sentence .word:nth-of-type(2)", {"query": 2, "key": None}),
    "a word of the target": button("cross", "#sentence .word[data-side=from] >> nth=0", {"side": "from", "query": 0}),
    "a word of the source": button("cross", "#sentence .word[data-side=to] >> nth=1", {"key": 1}),
    "a long word": button("hostile", "#sentence .word:nth-of-type(5)", {"query": 4, "key": None}),
    "a piece joins its word": box("inside", "#words", {"words": True}),
    "a larger matrix": button("sentence", "[data-zoom='1']", {"zoom": 1}),
    "a smaller matrix": button("sentence", "[data-zoom='-1']", {"zoom": 0}, before=clicked("[data-zoom='1']")),
    "a name of a row": Control(
        "sentence", at("#matrix", 0.08, 0.5), pressed("#sentence .word:nth-of-type(8)"), {"side": "from", "key": None}
    ),
    "a name of a column": Control("sentence", at("#matrix", 0.4, 0.1), pressed("#sentence .word:nth-of-type(7)"), {}),
    "no head to subtract": choice("sentence", "#minus", "no head", {"minus": None}, before=chosen("#minus", "L2H8")),
    "a head fewer in colours": Control(
        "sentence",
        clicked("#grid [data-head='3']", modifiers=["Shift"]),
        pressed("#grid [data-head='3']", "Shift+Enter"),
        {"others": []},
        before=link_of_heads,
    ),
    "a text": choice("texts", "#text", "3. A dog", {"text": 2}),
    "colours": button("sentence", "#theme", {"theme": "light"}),
}
