"""The explorer as a program: signals end it as its key does, whenever they come."""

import asyncio
import os
import signal

import pytest

from attnviz.api.pages.session import Session
from attnviz.explorer import program
from attnviz.explorer.effects import Outside
from tests.explorer.driving import seen

SIZE = (80, 24)


@pytest.fixture
def app(model):
    session = Session("The cat sat", model=model)
    return program.TerminalExplorer(session, seen(session.following()), Outside(str, lambda _: True))


@pytest.fixture
def handled(monkeypatch):
    """The signals that the program's own handler got; each raises Ctrl-C's exception."""
    numbers = []

    def handle(number, _):
        numbers.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("is_early", [True, False])
def test_a_signal_ends_it_as_its_key_does(app, handled, number, is_early):
    async def arrives(pilot):
        os.kill(os.getpid(), number)

    with program._ended_by_signals(app):
        if is_early:
            os.kill(os.getpid(), number)
        asyncio.run(app.run_async(headless=True, size=SIZE, auto_pilot=None if is_early else arrives))
    assert handled == [number]
    assert app.is_interrupted
    assert app.failure is None


def test_a_second_signal_ends_it_wherever_it_is(app, handled):
    with program._ended_by_signals(app):
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert handled == [signal.SIGTERM] * 2
