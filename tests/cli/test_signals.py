"""A signal ends a run as Ctrl-C does: once, not while a library loads, and with the exit code of a shell."""

import os
import signal
import sys

import pytest

from attnviz.cli import main as command_line
from attnviz.cli.process import signals, start

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _heeded(monkeypatch):
    """Signals are heeded in the test's own process, and what was there is put back."""
    monkeypatch.setattr(signals, "_arrived", [])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGALRM)}
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signals.heed_signals()
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


def arrives(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", ENDING)
def test_each_signal_is_an_interrupt_and_has_a_code(number):
    assert signals.code_of_signal() is None
    with pytest.raises(KeyboardInterrupt):
        arrives(number)
    assert signals.code_of_signal() == 128 + number


def test_signals_of_one_ending_count_once_and_later_ones_again(monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        arrives(signal.SIGTERM)
    arrives(signal.SIGINT)
    monkeypatch.setattr(signals, "_TOGETHER", 0.0)
    with pytest.raises(KeyboardInterrupt):
        arrives(signal.SIGINT)
    assert signals.code_of_signal() == 143


def test_a_library_that_loads_is_not_interrupted(tmp_path, monkeypatch):
    (tmp_path / "loads_slowly.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\nend = time.monotonic() + 0.1\n"
        "while time.monotonic() < end: pass\nloaded = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        wait_after_import()
    assert sys.modules.pop("loads_slowly").loaded


def wait_after_import() -> None:
    import loads_slowly  # noqa: F401

    signal.pause()


def test_an_interrupt_that_python_drops_comes_again():
    class Freed:
        def __del__(self):
            arrives(signal.SIGTERM)

    freed = [Freed()]

    def wait_after_freeing():
        freed.clear()
        signal.pause()

    with pytest.raises(KeyboardInterrupt):
        wait_after_freeing()
    assert signals.code_of_signal() == 143


def test_a_signal_that_was_ignored_stays_so_and_after_the_run_all_are():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals.heed_signals()
    arrives(signal.SIGHUP)
    signals.forget_signals()
    for number in ENDING:
        arrives(number)
    assert signals.code_of_signal() is None


def test_what_takes_too_long_at_the_end_is_interrupted():
    signals.limit_time(0.01)
    with pytest.raises(KeyboardInterrupt):
        signal.pause()


@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN])
def test_ctrl_c_before_anything_is_loaded_is_quiet_unless_it_is_ignored(monkeypatch, before):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    signal.signal(signal.SIGINT, before)
    start.await_ctrl_c()
    arrives(signal.SIGINT)
    assert codes == ([] if before == signal.SIG_IGN else [130])
    signals.heed_signals(start.end_at_once)
    if before != signal.SIG_IGN:
        with pytest.raises(KeyboardInterrupt):
            arrives(signal.SIGINT)


def test_an_object_that_fails_when_it_is_freed_is_quiet_after_a_signal_alone(capfd):
    class Archive:
        def __del__(self):
            raise ValueError("seek of closed file")  # as an interrupted ZipFile says

    def free():
        archive = Archive()
        del archive

    free()
    assert "seek of closed file" in capfd.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        arrives(signal.SIGTERM)
    free()
    assert capfd.readouterr() == ("", "")


def test_a_library_that_fails_when_it_closes_after_a_signal_is_quiet(capfd, monkeypatch):
    def interrupted(_argv):
        try:
            arrives(signal.SIGTERM)
        finally:
            raise ValueError("inconsistent stream state")  # as zlib says of a file that was being written

    monkeypatch.setattr(command_line, "_run", interrupted)
    assert command_line.main(["show", "a"]) == 143
    assert capfd.readouterr() == ("", "")
