"""--out DIR keeps one file a window of texts; --resume runs only those that are not there."""

import hashlib
import io
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from attnviz.sweeps import work
from attnviz.sweeps.saved import windows as saved_windows
from attnviz.turns import turn_in

COMMANDS = [
    ("show", "--top", "2"),
    ("show", "--from", "the"),
    ("check", "--where", "max(previous) > 0.9"),
    ("heads", "--per-text"),
]
SENTENCES = ["the cat sat", "the old dog slept in the sun", "it rained on the mat", "a cat saw the dog"]


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved_windows, "MOST_TEXTS", 8)
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(f"{SENTENCES[i % 4]} {'again and ' * (i % 3)}now" for i in range(30)))
    return path


@pytest.fixture
def ran_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are run, as they are run."""
    ran: list[str] = []
    prepare = work.prepare

    def listed(model, text, **more):
        ran.append(text)
        return prepare(model, text, **more)

    monkeypatch.setattr(work, "prepare", listed)
    return ran


def windows(folder: str = "out") -> list[Path]:
    return sorted(Path(folder).iterdir())


def forge(path: Path, data: bytes) -> None:
    """Puts other bytes in the place of a window, and their digest into its name."""
    path.unlink()
    path.with_name(f"{path.stem[:-16]}{hashlib.sha256(data).hexdigest()[:16]}{path.suffix}").write_bytes(data)


def lines(data: bytes) -> list[dict]:
    return [{**json.loads(line), "model": None} for line in data.splitlines()]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_the_windows_together_are_what_is_printed_without_a_folder(cli, texts, argv):
    command = (*argv, "--file", "texts.txt", "--json", "--workers", "1")
    ran, saved = cli(*command), cli(*command, "--out", "out")
    assert (saved.code, saved.out) == (ran.code, "")
    assert saved.err == f"attnviz: note: {len(windows())} windows written to out\n"
    assert len(windows()) > 1
    assert lines(b"".join(path.read_bytes() for path in windows())) == lines(ran.out.encode())
    if "--top" in argv:  # each is whole by itself
        assert all("n_vocab" in json.loads(path.read_bytes().splitlines()[0])["model"] for path in windows())


@pytest.mark.parametrize("argv", [*COMMANDS, ("heads",), ("heads", "--null", "2", "--sort", "telling")], ids=" ".join)
def test_resuming_runs_only_the_windows_that_are_not_there(cli, texts, ran_texts, argv):
    command = (*argv, "--file", "texts.txt", "--json", "--workers", "1", "--out", "out")
    first = cli(*command)
    whole = {path.name: path.read_bytes() for path in windows()}
    n, gone = len(ran_texts), windows()[1]
    gone.unlink()
    ran_texts.clear()
    resumed = cli(*command, "--resume")
    assert (resumed.code, resumed.out) == (first.code, first.out)
    n_run = 1 if argv != ("heads",) and "telling" not in argv else 2  # totals: the first window says what all share
    assert resumed.err.endswith(
        f"{n_run} window{'s' * (n_run != 1)} written to out, {len(whole) - n_run} were finished\n"
    )
    assert 0 < len(ran_texts) < n
    assert {path.name: path.read_bytes() for path in windows()} == whole
    ran_texts.clear()
    assert cli(*command, "--resume").out == first.out
    assert len(ran_texts) < n / 2


def test_heads_of_a_folder_are_those_without_one(cli, texts):
    command = ("heads", "--file", "texts.txt", "--json")
    expected, first = (json.loads(cli(*command, *more).out)["heads"] for more in ((), ("--out", "out")))
    resumed = json.loads(cli(*command, "--out", "out", "--resume").out)["heads"]
    assert resumed == first  # to the last digit
    for one, other in zip(first, expected, strict=True):
        assert one["entropy"] == pytest.approx(other["entropy"], abs=1e-5)
        assert one["spread"]["entropy"] == pytest.approx(other["spread"]["entropy"], abs=1e-5)
        assert one["label"]["name"] == other["label"]["name"]


def test_a_check_that_failed_in_a_finished_window_still_fails(cli, texts, ran_texts):
    command = ("check", "--where", "max(previous) > 1", "--file", "texts.txt", "--json", "--out", "out")
    assert cli(*command).code == 1
    ran_texts.clear()
    assert cli(*command, "--resume").code == 1
    assert not ran_texts
    forge(windows()[0], b"{}\n")
    ran = cli(*command, "--resume")
    message = f"attnviz: error: out/{windows()[0].name}: it is not what attnviz check --json writes; expected that\n"
    assert (ran.code, ran.err.splitlines(keepends=True)[-1]) == (3, message)


def test_windows_are_the_same_however_the_texts_arrive(cli, texts):
    command = ("show", "--json", "--top", "1", "--workers", "1", "--out")
    cli(*command, "a", "--file", "texts.txt")
    os.mkfifo("pipe")

    def fed():
        with open("pipe", "w") as pipe:
            for line in texts.read_text().splitlines(keepends=True):
                pipe.write(line)
                pipe.flush()

    writer = threading.Thread(target=fed)
    writer.start()
    cli(*command, "b", "--file", "pipe")
    writer.join()
    assert [path.name for path in windows("b")] == [path.name for path in windows("a")]


def test_what_is_asked_and_what_is_read_are_part_of_a_windows_name(cli, texts):
    command = ("show", "--file", "texts.txt", "--json", "--top", "1")
    cli(*command, "--out", "a")
    for name, more in {
        "b": ("--top", "2"),
        "c": ("--seed", "1"),
        "d": ("-L", "0"),
        "e": ("--on-error", "skip"),
    }.items():
        cli(*command[:4], *(more if "--top" in more else (*command[4:], *more)), "--out", name)
        assert not {path.name for path in windows("a")} & {path.name for path in windows(name)}
    os.rename(texts, "moved.txt")
    cli("show", "--file", "moved.txt", "--json", "--top", "1", "--out", "f")
    assert [path.name for path in windows("f")] == [path.name for path in windows("a")]


def test_windows_of_texts_that_have_changed_are_run_again_and_the_old_ones_removed(cli, texts, ran_texts):
    command = ("show", "--file", "texts.txt", "--json", "--top", "1", "--workers", "1", "--out", "out")
    cli(*command)
    before = [path.name for path in windows()]
    texts.write_text(texts.read_text().replace("now", "later", 1))
    ran_texts.clear()
    assert cli(*command, "--resume").err.endswith(f"{len(before) - 1} were finished, 1 of an earlier run removed\n")
    assert [path.name for path in windows()][1:] == before[1:]
    assert windows()[0].name != before[0]


def test_a_folder_with_windows_is_not_overwritten_unless_forced(cli, texts):
    command = ("show", "--file", "texts.txt", "--json", "--top", "1", "--out", "out")
    cli(*command)
    (Path("out") / "notes.txt").write_text("mine")
    names, n = {path.name for path in windows()}, len(windows()) - 1
    message = (
        f"attnviz: error: out: it has {n} windows of an earlier run; expected an empty folder, --resume to go on, or "
        "--force to begin anew\n"
    )
    assert cli(*command) == (1, "", message)
    ran = cli("show", "--file", "texts.txt", "--json", "--top", "2", "--out", "out", "--force")
    assert ran.err.endswith(f"{n} of an earlier run removed\n")
    assert {path.name for path in windows()} & names == {"notes.txt"}


def test_an_error_leaves_the_windows_before_it(cli, texts):
    with texts.open("ab") as file:
        file.write(b"\n\xff")
    command = ("show", "--file", "texts.txt", "--json", "--top", "1", "--out", "out", "--workers", "1")
    ran = cli(*command)
    assert (ran.code, "line 31" in ran.err) == (3, True)
    n = len(windows())
    assert n > 1
    ran = cli(*command, "--on-error", "skip", "--force")
    assert (ran.code, len(windows())) == (0, n + 1)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ("show", "--file", "texts.txt", "--out", "out"),
            "out: windows of texts are kept as JSON; expected --json too",
        ),
        (
            ("show", "a cat", "--json", "--out", "out"),
            "out: there is one text; expected a file of texts, or text on standard input",
        ),
        (
            ("show", "--file", "texts.txt", "--json", "--resume"),
            "resume: it is about windows of texts; expected --out DIR too",
        ),
        (
            ("check", "--where", "any(first < 1)", "--file", "texts.txt", "--json", "--force"),
            "force: it is about windows of texts; expected --out DIR too",
        ),
        (
            ("heads", "--file", "texts.txt", "--json", "--out", "out", "--resume", "--force"),
            "resume, force: both are given; expected one of them",
        ),
        (("heads", "--file", "texts.txt", "--resume"), "resume: it is about windows of texts; expected --out DIR too"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(cli, texts, argv, message):
    assert cli(*argv) == (2, "", f"attnviz: error: {message}\n")


@pytest.mark.parametrize("argv", [COMMANDS[0], ("heads",)], ids=" ".join)
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b"".join(data.splitlines(keepends=True)[:-1]),  # cut at the end of a line
        lambda _: windows()[-1].read_bytes(),  # another window, which is whole
    ],
    ids=["0", "½", "-1", "line", "other"],
)
def test_a_damaged_window_runs_again(cli, texts, argv, damage):
    command = (*argv, "--file", "texts.txt", "--json", "--workers", "1", "--out", "out")
    first = cli(*command)
    whole = {path.name: path.read_bytes() for path in windows()}
    windows()[1].write_bytes(damage(windows()[1].read_bytes()))
    resumed = cli(*command, "--resume")
    assert (resumed.code, resumed.out) == (first.code, first.out)
    assert {path.name: path.read_bytes() for path in windows()} == whole


def test_a_total_with_a_changed_bit_runs_again(cli, texts):
    command = ("heads", "--file", "texts.txt", "--json", "--workers", "1", "--out", "out")
    first, data = cli(*command), bytearray(windows()[1].read_bytes())
    whole = bytes(data)
    data[len(data) // 2] ^= 1
    windows()[1].write_bytes(data)
    assert cli(*command, "--resume").out == first.out
    assert windows()[1].read_bytes() == whole


@pytest.mark.parametrize("arrays", [{}, {"totals": np.array("[1]")}, {"totals": np.array('{"metrics": 1}')}])
def test_a_total_of_something_else_is_one_line(cli, texts, arrays):
    command = ("heads", "--file", "texts.txt", "--json", "--out", "out")
    cli(*command)
    data = io.BytesIO()
    np.savez(data, **arrays)
    forge(windows()[1], data.getvalue())
    ran = cli(*command, "--resume")
    says = "it is not a window of attnviz heads --json --out; expected one, or no file of this name"
    assert (ran.code, ran.err) == (3, f"attnviz: error: out/{windows()[1].name}: {says}\n")


@pytest.mark.parametrize("command", [("show", "--json", "--top", "1", "-o"), ("html", "-o"), ("heatmap", "-o")])
def test_a_second_run_says_so(cli, tmp_path, command):
    (tmp_path / "texts.txt").write_text("a cat\nthe dog\n")
    with turn_in(tmp_path / "out"):
        ran = cli(*command, "out/", "--file", "texts.txt")
    assert (ran.code, os.listdir(tmp_path)) == (1, ["texts.txt"])
    assert ran.err.startswith("attnviz: error: out: another run of attnviz writes to it; ")
