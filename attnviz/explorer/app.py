"""The Textual application: one widget that draws frames; all else is pure functions."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.strip import Strip
from textual.widget import Widget

from attnviz.api.pages.exploration import Exploration
from attnviz.api.pages.session import Session
from attnviz.errors import AttnvizError
from attnviz.explorer.actions import EFFECTS, at_text, clicked, pressed
from attnviz.explorer.canvas import Hit
from attnviz.explorer.effects import (
    Outside,
    command_overlay,
    command_text,
    explanation_overlay,
    help_overlay,
    opened_page,
    saved_figure,
)
from attnviz.explorer.frame import Overlay, Screenful, overlaid, screenful
from attnviz.explorer.opening import opened
from attnviz.explorer.prompt import Prompt
from attnviz.explorer.sight import Sight
from attnviz.explorer.state import State

_PROMPTS = {"find": "a word, word:2 or a number", "type": "a sentence"}
_SCROLL = {"up": -1, "down": 1, "k": -1, "j": 1, "home": -100_000, "end": 100_000}
_CSS = """
Screen { background: ansi_default; color: ansi_default; }
Canvas { width: 100%; height: 100%; background: ansi_default; }
"""


class Canvas(Widget, can_focus=True):
    """Draws the frame of the application; what happens here the application handles."""

    def render_line(self, y: int) -> Strip:
        """A line of the frame."""
        app = self.app
        lines = app.frame.area.lines if isinstance(app, ExplorerApp) else ()
        if y >= len(lines):
            return Strip.blank(self.size.width)
        return Strip(Segment(text, style) for text, style in lines[y] if text)

    def on_resize(self, _: events.Resize) -> None:
        """Another size, another frame."""
        if isinstance(self.app, ExplorerApp):
            self.app.widen(self.size.width)


class ExplorerApp(App[None]):
    """The explorer.

    Args:
        session: gives texts; the first one is there already.
        sight: the first text, and how it opens.
        outside: what the command line knows.
        driver_class: of the terminal; None for Textual's own.
        console: what says how many colours there are; None for Textual's own.
    """

    CSS = _CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", show=False, priority=True)]

    def __init__(
        self,
        session: Session,
        sight: Sight,
        outside: Outside,
        *,
        driver_class: type[Driver] | None = None,
        console: Console | None = None,
    ):
        super().__init__(driver_class=driver_class, ansi_color=True)
        self.console = console or self.console
        self._frame: Screenful | None = None
        self.commands: list[str] = []
        self.is_interrupted = False
        self.message = ""
        self._session, self._outside, self._texts = session, outside, [sight.exploration]
        self._at = 0
        self.sight = sight
        self._overlay: Overlay | None = None
        self._pointed: Hit | None = None
        self.prompt: Prompt | None = None

    # What Textual calls

    def compose(self) -> ComposeResult:
        """The canvas."""
        yield Canvas()

    def on_mount(self) -> None:
        """The canvas has the keys."""
        self.query_one(Canvas).focus()
        self.message = "; ".join(self._outside.notes)
        self._outside.notes.clear()
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """A key: a character, or a name such as ``left``."""
        event.prevent_default().stop()
        is_sign = event.character is not None and event.character.isprintable()
        character = event.character if is_sign and event.character else ""
        if self.prompt is not None:
            self._type(self.prompt, event.key, character)
        else:
            self.press_key(character or event.key)

    def on_paste(self, event: events.Paste) -> None:
        """A pasted text, where something is being typed."""
        if self.prompt is not None:
            self.prompt = self.prompt.inserted(event.text)
            self.redraw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """What is under the pointer."""
        pointed = None if self._overlay else self.frame.area.at(event.screen_x, event.screen_y)
        if pointed != self._pointed:
            self._pointed, self.message = pointed, ""
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """What is under the pointer is chosen."""
        target = self.frame.area.at(event.screen_x, event.screen_y)
        if target is not None and self._overlay is None and self.prompt is None:
            self.choose(clicked(self.sight, target))

    def on_mouse_scroll_down(self, _: events.MouseScrollDown) -> None:
        """Down a text, or the next head of the ranking."""
        self.press_key("down" if self._overlay else "]")

    def on_mouse_scroll_up(self, _: events.MouseScrollUp) -> None:
        """Up a text, or the head before in the ranking."""
        self.press_key("up" if self._overlay else "[")

    def action_interrupt(self) -> None:
        """Ctrl-C ends the program, as it ends every command."""
        self.is_interrupted = True
        self.exit()

    # Keys

    def press_key(self, key: str) -> None:
        """What a key does: it scrolls a text that is over the parts, changes the state, or has an effect."""
        if self._overlay is not None:
            self._press_over(self._overlay, key)
            return
        effect = EFFECTS.get(key)
        if effect is not None:
            self._try(getattr(self, f"_do_{effect}"))
            return
        self._try(lambda: self._choose_by(key))

    def _type(self, prompt: Prompt, key: str, character: str) -> None:
        """A key while something is being typed: Enter ends it, and Escape leaves it."""
        if key not in ("enter", "escape"):
            self.prompt = prompt.inserted(character) if character else prompt.pressed(key)
            self.redraw()
            return
        self.prompt, self.message = None, ""
        text = prompt.text.strip()
        if key == "escape" or not text:
            self.redraw()
        elif prompt.purpose == "find":
            self._try(lambda: self.choose(at_text(self.sight, text)))
        else:
            self.show_text(lambda: self._session.typed(text))

    def _choose_by(self, key: str) -> None:
        state = pressed(self.sight, key, self.frame)
        if state is not None:
            self.choose(state)

    def _press_over(self, overlay: Overlay, key: str) -> None:
        page = self.size.height - 2
        step = {**_SCROLL, "pagedown": page, "pageup": -page, " ": page}.get(key)
        if step is None:
            self._overlay = overlay if key not in ("escape", "q", "?", "enter", "e", "y") else None
        else:
            self._overlay = overlay.scrolled(step, self.size.height)
        self.redraw()

    def choose(self, state: State) -> None:
        """Shows another state, once it is known that it can be shown."""
        sight = replace(self.sight, state=state)
        sight.attention  # noqa: B018 (computed now, so that an error leaves the state as it was)
        self.sight, self.message, self._pointed = sight, "", None
        self.redraw()

    def show_text(self, explore: Callable[[], Exploration | None]) -> None:
        """Shows another text, with the head, the set and the order that were there."""

        def added() -> None:
            text = explore()
            if text is None:
                self.message = "this is the last text"
                return
            self._texts.append(text)
            self._show_at(len(self._texts) - 1)

        self.message = "running the model ..."
        self.redraw()
        self.call_after_refresh(lambda: self._try(added))

    def _show_at(self, index: int) -> None:
        text, old = self._texts[index], self.sight
        state = replace(old.state, link=False, compares=False)
        if len(text.arranged(text.sets[0], words=True, special=True)) != len(old.heads):
            state = replace(state, set=0, head=0, last=None)
        self.sight = opened(text, state, old.screen, old.cmap)
        self._at, self.message, self._pointed = index, "; ".join(self._outside.notes), None
        self._outside.notes.clear()

    def _try(self, action: Callable[[], object]) -> None:
        """Does something that may fail: an error is a message in the line of the status."""
        try:
            action()
        except AttnvizError as error:
            self.message = str(error)
        self.redraw()

    # Effects

    def _do_find(self) -> None:
        self._open_prompt("find", "")

    def _do_type(self) -> None:
        self._open_prompt("type", self.sight.exploration.about.text or "")

    def _do_next(self) -> None:
        if self._at + 1 < len(self._texts):
            self._show_at(self._at + 1)
        else:
            self.show_text(self._session.following)

    def _do_before(self) -> None:
        if self._at == 0:
            self.message = "this is the first text"
        else:
            self._show_at(self._at - 1)

    def _do_explain(self) -> None:
        self._overlay = explanation_overlay(self.sight, self.size.width)

    def _do_command(self) -> None:
        command = command_text(self.sight, self._outside.command(self.sight.exploration.about))
        if not command:
            self.message = "no command reads this input again"
            return
        self.copy_to_clipboard(command)
        if command not in self.commands:
            self.commands.append(command)
        self._overlay = command_overlay(command, self.size.width)

    def _do_figure(self) -> None:
        self.message = saved_figure(self.sight)

    def _do_page(self) -> None:
        self.message = opened_page(self.sight, self._outside)

    def _do_help(self) -> None:
        self._overlay = help_overlay(self.sight, self.size.width)

    def _do_quit(self) -> None:
        self.exit()

    # The screen

    def redraw(self) -> None:
        """Another frame is due. It is made when it is looked at: of many quick keys only the last one's is."""
        self._frame = None
        self.query_one(Canvas).refresh()

    def widen(self, width: int) -> None:
        """The screen has so many columns now."""
        self.sight = replace(self.sight, screen=replace(self.sight.screen, width=width))
        self.redraw()

    @property
    def frame(self) -> Screenful:
        """What is on the screen."""
        if self._frame is None:
            width, height = self.query_one(Canvas).size
            self._frame = self._made_frame(width, height)
        return self._frame

    def _made_frame(self, width: int, height: int) -> Screenful:
        if self._overlay is not None:
            return overlaid(self._overlay, width, height, is_ascii=self.sight.screen.ascii)
        typed, pointed = self.prompt, self._pointed
        return screenful(self.sight, width, height, pointed=pointed, message=self.message, prompt=typed)

    def _open_prompt(self, purpose: str, text: str) -> None:
        self.prompt = Prompt(purpose).inserted(text)
        self.message = f"type {_PROMPTS[purpose]}; Enter to go, Esc to stop"
