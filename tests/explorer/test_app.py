"""The application in Textual's own test mode: keys, typing, the mouse, and what leaves the screen."""

import asyncio
import base64

import pytest
from textual.events import Key, Paste

import attnviz
from attnviz.api.pages.session import Session
from attnviz.explorer import app as application
from attnviz.explorer import program
from attnviz.explorer.effects import Outside
from attnviz.explorer.frame import screenful
from tests.explorer.driving import TEXT, app_of, driven, screen_of_app, seen, status_of

OTHER = "A man saw the dog with a telescope."


@pytest.fixture
def app(model, tiny):
    """The application on the text, with a model that has not to be loaded again."""
    session = Session([TEXT, "The cat sat", "No"], model=model)
    return app_of(session, seen(session.following()))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 50)])
def test_the_screen_at_each_size(app, size):
    async def steps(app, pilot):
        text = screen_of_app(app)
        assert text == app.frame.text
        lines = text.split("\n")
        assert len(lines) == size[1]
        assert lines[0].startswith("The animal didn't cross the street"[: size[0] // 2])
        assert any(line.startswith(">L2H1  ") for line in lines)
        assert "it (10) looks at tired 0.715" in lines[-2]
        assert lines[-1].startswith("←→ head  ↑↓ layer  j k token")
        await pilot.press("right", "right", "down", "up", "j")
        assert app.sight.head.name == "L1H3"
        assert status_of(app.frame).startswith("was (11) looks at ")
        await pilot.resize_terminal(size[0] + 7, size[1] + 2)
        await pilot.pause()
        assert len(screen_of_app(app).split("\n")) == size[1] + 2

    driven(app, steps, size)


def test_panes_and_arrows(app):
    async def steps(app, pilot):
        for pane in ("ranking", "sentence", "matrix", "heads"):
            await pilot.press("tab")
            assert app.sight.state.pane == pane
        await pilot.press("shift+tab", "left")
        assert app.sight.state.partner == 12
        assert "it (10) -> too (12) 0.026" in app.frame.text
        await pilot.press("escape")
        assert app.sight.state.partner is None

    driven(app, steps)


def test_find_a_word(app):
    async def steps(app, pilot):
        await pilot.press("slash", *"stre", "enter")
        assert status_of(app.frame).startswith("street (8) looks at ")
        await pilot.press("slash", *"zebra", "enter")
        assert status_of(app.frame).startswith("find: no word is 'zebra'")
        await pilot.press("j")
        assert status_of(app.frame).startswith("because (9) looks at ")
        await pilot.press("slash", "tab", *"stra", "backspace", "e")
        await pilot.click("Canvas", offset=(4, 4))
        await pilot.press("enter")
        assert status_of(app.frame).startswith("street (8) looks at ")
        await pilot.press("j", "slash", *"q", "escape", "j")
        assert status_of(app.frame).startswith("it (10) looks at ")

    driven(app, steps)


def test_of_quick_keys_only_the_last_ones_frame_is_made(app, monkeypatch):
    made = []

    def counted(*arguments, **options):
        made.append(options["prompt"])
        return screenful(*arguments, **options)

    async def steps(app, pilot):
        await pilot.press("i", "ctrl+u")
        monkeypatch.setattr(application, "screenful", counted)
        for _ in range(50):
            app.on_key(Key("x", "x"))
        assert made == []
        assert app.frame.text.endswith(f"text: {'x' * 50}")
        assert len(made) == 1

    driven(app, steps)


def test_a_comparison_is_said_in_a_sentence(app):
    async def steps(app, pilot):
        await pilot.press("right", "c")
        assert status_of(app.frame).startswith("it (10) looks more (+) or less (-) at ")
        await pilot.press("d")
        assert status_of(app.frame).startswith("it (10) is looked at more (+) or less (-) by ")

    driven(app, steps)


def test_type_another_sentence(app, model):
    loaded = []

    async def steps(app, pilot):
        await pilot.press("right", "m", "i")
        assert app.prompt.text == TEXT
        assert app.frame.text.endswith(f"text: {TEXT}")
        await pilot.press("ctrl+u", *OTHER)
        await pilot.press("enter")
        await pilot.pause()
        assert app.frame.text.startswith(OTHER)
        assert (app.sight.head.name, app.sight.order) == ("L2H2", "entropy")
        view = attnviz.run(OTHER, model=model, words=True, hide_special=True).views["encoder"]
        row = view.matrices[2, 2][app.sight.word]
        assert f"{view.keys[int(row.argmax())].label} {row.max():.3f}" in status_of(app.frame)
        loaded.append(app.sight.exploration)
        await pilot.press("i", "ctrl+u", "enter")
        assert app.sight.exploration is loaded[0]
        await pilot.press("i")
        app.post_message(Paste("word " * 600))
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert "tokens" in status_of(app.frame)
        assert app.sight.exploration is loaded[0]

    driven(app, steps)


def test_the_next_text_and_the_one_before(app):
    async def steps(app, pilot):
        for start in ("The cat sat", "No", "No"):
            await pilot.press("n")
            await pilot.pause()
            assert app.frame.text.startswith(f"{start}  tiny")
        assert status_of(app.frame) == "this is the last text"
        await pilot.press("N", "N")
        assert app.frame.text.startswith(TEXT)
        await pilot.press("N")
        assert status_of(app.frame) == "this is the first text"

    driven(app, steps)


def test_explanation_and_help_lie_over_the_screen(app):
    async def steps(app, pilot):
        before = app.frame.text
        await pilot.press("e")
        lines = app.frame.text.split("\n")
        assert lines[0].startswith('"it" looks most at "tired" (72%): L2H1 of tiny')
        assert lines[-1] == "↑ ↓ scroll  Esc back"
        await pilot.press("down", "j")
        assert app.frame.text.split("\n")[0] == lines[2]
        await pilot.press("end", "home", "pagedown", "up", "escape")
        assert app.frame.text == before
        await pilot.press("question_mark")
        assert "the link under the cursor in every head" in app.frame.text
        await pilot.press("q")
        assert app.frame.text == before

    driven(app, steps)


def test_the_command_is_copied_and_kept(model):
    written = []
    session = Session(TEXT, model=model)
    app = app_of(session, seen(session.following()), "attnviz show TEXT")

    async def steps(app, pilot):
        app._driver.write = written.append
        await pilot.press("y")
        assert "Copied to the clipboard" in app.frame.text
        assert "attnviz show TEXT -H L2H1" in app.frame.text
        await pilot.press("escape", "y", "escape", "l", "y")

    driven(app, steps)
    assert app.commands == ["attnviz show TEXT -H L2H1", "attnviz show TEXT --from 10"]
    assert written[0] == f"\x1b]52;c;{base64.b64encode(app.commands[0].encode()).decode()}\a"


def test_the_figure_is_saved_and_replaces_none(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def steps(app, pilot):
        for name in ("L2H1.png", "L2H1-2.png"):
            await pilot.press("p")
            assert status_of(app.frame) == f"saved {name}"

    driven(app, steps)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["L2H1-2.png", "L2H1.png"]
    assert (tmp_path / "L2H1.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("is_there", [True, False])
def test_the_page_is_opened_where_the_explorer_is(model, tmp_path, monkeypatch, is_there):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened = []
    session = Session("The cat sat", model=model)
    app = app_of(session, seen(session.following()), browse=lambda address: opened.append(address) or is_there)

    async def steps(app, pilot):
        await pilot.press("v", "V", "o")
        assert status_of(app.frame).startswith("page: " if is_there else "no browser was found; the page is ")

    driven(app, steps)
    (page,) = tmp_path.glob("attnviz-*/attnviz.html")
    assert opened[0].startswith(f"{page.as_uri()}#set=0&head={app.sight.head.name}&side=from&query=")
    text = page.read_text(encoding="utf-8")
    assert '"name":"norms"' in text
    assert '"command":"attnviz show TEXT"' in text


def test_what_attention_from_elsewhere_cannot_do(tmp_path):
    result = attnviz.run("The cat sat")
    session = Session([result])
    app = app_of(session, seen(session.following()), command="")

    async def steps(app, pilot):
        await pilot.press("e")
        assert status_of(app.frame).startswith("explain: matrices alone cannot be explained")
        await pilot.press("y")
        assert status_of(app.frame) == "no command reads this input again"
        await pilot.press("i")
        await pilot.press("ctrl+u", *"a dog")
        await pilot.press("enter")
        await pilot.pause()
        assert status_of(app.frame).startswith("text: there is no model that reads one here")

    driven(app, steps)


def test_notes_on_texts_are_on_the_screen(model):
    notes = ["first note"]
    session = Session(["The cat sat", "No"], model=model)
    app = app_of(session, seen(session.following()), notes=notes)

    async def steps(app, pilot):
        assert status_of(app.frame) == "first note"
        notes.append("second note")
        await pilot.press("n")
        await pilot.pause()
        assert status_of(app.frame) == "second note"

    driven(app, steps)


def test_the_mouse_reads_and_chooses(app):
    async def steps(app, pilot):
        await pilot.hover("Canvas", offset=(2 + 2 * 8, 4))
        assert status_of(app.frame).startswith("L2H8  subject -> verb 0.60, +3 · mixed: next 0.42 of 0.55")
        await pilot.click("Canvas", offset=(2 + 2 * 8, 4))
        assert app.sight.head.name == "L2H8"
        await pilot.hover("Canvas", offset=(79, 23))
        assert status_of(app.frame).startswith("it (10) looks at ")
        row = next(y for y, line in enumerate(app.frame.text.split("\n")) if line[34:] == "was")
        await pilot.hover("Canvas", offset=(42, row))
        assert status_of(app.frame).startswith("was -> The 0.")
        await pilot.click("Canvas", offset=(42, row))
        assert "was (11) -> The (1) " in app.frame.text
        before = app.sight.state.head
        app.query_one("Canvas").post_message(wheel())
        await pilot.pause()
        assert app.sight.ranking.index(app.sight.state.head) == app.sight.ranking.index(before) + 1

    def wheel():
        from textual.events import MouseScrollDown

        canvas = app.query_one("Canvas")
        return MouseScrollDown(canvas, 5, 5, 0, 0, 0, shift=False, meta=False, ctrl=False, screen_x=5, screen_y=5)

    driven(app, steps)


def test_an_error_that_nobody_expects_is_handed_on(model):
    session = Session("The cat sat", model=model)
    outside = Outside(lambda _: 1 // 0, lambda _: True)
    app = program.TerminalExplorer(session, seen(session.following()), outside)

    async def steps(app, pilot):
        app.call_later(app.press_key, "y")
        async with asyncio.timeout(60):
            while app.failure is None:
                await asyncio.sleep(0.01)

    assert isinstance(driven(app, steps).failure, ZeroDivisionError)


@pytest.mark.parametrize(("key", "is_interrupted"), [("q", False), ("ctrl+c", True)])
def test_the_end(app, key, is_interrupted):
    async def steps(app, pilot):
        await pilot.press(key)

    assert driven(app, steps).is_interrupted == is_interrupted
