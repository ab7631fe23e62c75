"""One report, many renderings: documents, a screen, files."""

import io
import json
from dataclasses import dataclass

import pytest

from attnviz.output.documents.rendering import DocumentsRendering
from attnviz.output.documents.results import dump
from attnviz.output.pictures.rendering import PicturesRendering
from attnviz.output.rendering import render
from attnviz.output.terminal.rendering import ScreenRendering
from attnviz.output.terminal.screen import BOLD, LinesView, Screen


@dataclass(frozen=True)
class Count:
    """A report of this test."""

    text: str
    words: int


REPORTS = [Count("the cat", 2), Count("a", 1)]


class CountView(LinesView):
    def __init__(self, report, screen):
        super().__init__(screen)
        self.report = report

    def lines(self):
        yield [(str(self.report.words), BOLD)]


def views(report, screen):
    yield report.text
    yield CountView(report, screen)
    yield ""


def draw(report, folder):
    folder.mkdir(exist_ok=True)
    path = folder / "words.txt"
    path.write_text(str(report.words))
    return [path]


def test_a_document_is_written_for_each_report():
    stream = io.BytesIO()
    render(REPORTS, DocumentsRendering(stream.write, lambda report: dump({"words": report.words})))
    assert [json.loads(line)["words"] for line in stream.getvalue().splitlines()] == [2, 1]


def test_the_views_of_each_report_are_printed_in_order_with_the_colours_of_the_screen():
    for color, count in ((None, "2"), ("256", "\x1b[1m2\x1b[0m")):
        stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
        render(REPORTS[:1], ScreenRendering(stream, Screen(color=color), views))
        stream.seek(0)
        assert stream.read() == f"the cat\n{count}\n\n"


def test_several_reports_are_drawn_in_numbered_folders_and_one_in_the_folder_itself(tmp_path):
    files = []
    render(REPORTS, PicturesRendering(tmp_path, draw, several=True, finish=files.extend))
    assert files == [tmp_path / "text-001" / "words.txt", tmp_path / "text-002" / "words.txt"]
    assert [file.read_text() for file in files] == ["2", "1"]
    files.clear()
    render(REPORTS[:1], PicturesRendering(tmp_path, draw, finish=files.extend))
    assert files == [tmp_path / "words.txt"]


def test_one_report_is_written_in_several_renderings_before_the_next_is_made():
    order = []

    class Watching:
        def __init__(self, name):
            self.name = name

        def add(self, report):
            order.append((self.name, report))

        def end(self):
            order.append((self.name, "end"))

    def reports():
        for number in (1, 2):
            order.append(("made", number))
            yield number

    render(reports(), Watching("a"), Watching("b"))
    made = [("made", 1), ("a", 1), ("b", 1), ("made", 2), ("a", 2), ("b", 2)]
    assert order == [*made, ("a", "end"), ("b", "end")]


def test_after_an_error_nothing_is_ended():
    ended = []

    def broken():
        yield REPORTS[0]
        raise ValueError("the second text")

    class Watching(DocumentsRendering):
        def end(self):
            ended.append(True)

    with pytest.raises(ValueError, match="the second text"):
        render(broken(), Watching(io.BytesIO().write, lambda report: dump({"text": report.text})))
    assert not ended
