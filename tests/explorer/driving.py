"""Keys pressed on frames, without an application and with one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.pilot import Pilot

from attnviz.api.pages.exploration import Exploration
from attnviz.api.pages.session import Session
from attnviz.explorer.actions import pressed
from attnviz.explorer.app import ExplorerApp
from attnviz.explorer.effects import Outside
from attnviz.explorer.frame import Screenful, screenful
from attnviz.explorer.opening import first_state, opened
from attnviz.explorer.sight import Sight
from attnviz.output.terminal.screen import Screen

TEXT = "The animal didn't cross the street because it was too tired."
SIZE = (80, 24)


def seen(exploration: Exploration, color: str | None = "truecolor", **more) -> Sight:
    """A text as it opens."""
    return opened(exploration, first_state(exploration), Screen(SIZE[0], color, **more))


def after(sight: Sight, *keys: str, size: tuple[int, int] = SIZE) -> Sight:
    """What is seen after some keys."""
    for key in keys:
        state = pressed(sight, key, screenful(sight, *size))
        assert state is not None, key
        sight = replace(sight, state=state)
    return sight


def text_of(sight: Sight, size: tuple[int, int] = SIZE, **more) -> str:
    return screenful(sight, *size, **more).text


def status_of(frame: Screenful) -> str:
    """The line of what is selected."""
    return frame.text.split("\n")[-2]


Steps = Callable[[ExplorerApp, Pilot], Awaitable[None]]


def driven(app: ExplorerApp, steps: Steps, size: tuple[int, int] = SIZE) -> ExplorerApp:
    """The application after steps that a test takes in it."""

    async def drive() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(drive())
    return app


def app_of(session: Session, sight: Sight, command: str = "attnviz show TEXT", **outside) -> ExplorerApp:
    """The application on a text that is open."""
    return ExplorerApp(session, sight, Outside(lambda _: command, **({"browse": lambda _: True} | outside)))


def screen_of_app(app: ExplorerApp) -> str:
    """What the application has drawn, line by line."""
    width, height = app.size
    strips = [app.query_one("Canvas").render_line(y) for y in range(height)]
    assert all(strip.cell_length == width for strip in strips)
    return "\n".join(strip.text.rstrip() for strip in strips)
