"""Links of words by people, sure and possible."""

import pytest

from attnviz.elsewhere.gold_links import read_gold_links
from attnviz.errors import InputError


def read(tmp_path, text: str, **options):
    path = tmp_path / "gold.txt"
    path.write_text(text)
    return read_gold_links(path, **options)


def test_sure_links_are_possible_too(tmp_path):
    links = read(tmp_path, "0-0 1p2 2?1\n\n3-1\n")
    assert links == {
        1: (frozenset({(0, 0)}), frozenset({(0, 0), (1, 2), (2, 1)})),
        2: (frozenset(), frozenset()),
        3: (frozenset({(3, 1)}), frozenset({(3, 1)})),
    }


def test_words_may_be_counted_from_one(tmp_path):
    assert read(tmp_path, "1-1 2p3\n", one_based=True) == {1: (frozenset({(0, 0)}), frozenset({(0, 0), (1, 2)}))}


@pytest.mark.parametrize(
    ("text", "one_based", "message"),
    [
        (
            "0-0\n1:2\n",
            False,
            r"gold\.txt, line 2: '1:2' is not a link; expected a source word and a target word, 0-0 where it is sure "
            r"and 0p0 where it is possible",
        ),
        ("1-0\n", True, r"gold\.txt, line 1: 1-0 counts from 0; expected numbers from 1, as --one-based says"),
    ],
)
def test_something_else_is_refused(tmp_path, text, one_based, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text, one_based=one_based)
