"""Dataclasses of ``attnviz.records`` behave like those of the library; they are only made later."""

import ast
import copy
import dataclasses
import inspect
import pickle
import threading
from dataclasses import field
from pathlib import Path

import pytest

from attnviz import records

PACKAGE = Path(__file__).parent.parent / "attnviz"
LATER, AT_ONCE = records.dataclass, dataclasses.dataclass


def classes(dataclass, **options):
    """A class and one that inherits from it."""

    @dataclass(frozen=True, **options)
    class Point:
        """A point."""

        x: int
        y: float = 2.0
        names: list = field(default_factory=list)
        more: dict = field(default_factory=dict, kw_only=True)

        def __post_init__(self):
            object.__setattr__(self, "total", self.x + self.y)

    @dataclass(frozen=True, **options)
    class Labelled(Point):
        """A point with a label."""

        label: str = field(default="", metadata={"longest": 8})

    return Point, Labelled


def outcome(function, *values, **named):
    """What a call gives, or the error that it raises."""
    try:
        return function(*values, **named)
    except (TypeError, AttributeError) as error:
        return type(error), str(error).replace("tests.test_records.", "")


CALLS = (((1,), {}), ((1, 3.0, ["a"]), {"more": {"b": 1}}), ((), {}), ((1, 2, [], {}), {}), ((1,), {"z": 2}))


@pytest.mark.parametrize("options", [{}, {"eq": False}, {"kw_only": True}])
@pytest.mark.parametrize("which", [0, 1])
def test_calls_give_what_the_library_gives(options, which):
    for values, named in CALLS:
        texts = []
        for dataclass in (LATER, AT_ONCE):
            made = outcome(classes(dataclass, **options)[which], *values, **named)
            texts.append((repr(made), getattr(made, "total", None)))
        assert texts[0] == texts[1]


def test_a_class_that_was_never_called_has_its_fields_and_its_signature():
    for later, at_once in zip(classes(LATER), classes(AT_ONCE), strict=True):
        assert str(inspect.signature(later)) == str(inspect.signature(at_once))
    for later, at_once in zip(classes(LATER), classes(AT_ONCE), strict=True):
        assert repr(dataclasses.fields(later)) == repr(dataclasses.fields(at_once))
        assert later.y == at_once.y == 2.0
        assert dataclasses.is_dataclass(later)


def test_equality_and_hashes_are_those_of_the_fields():
    point, labelled = classes(LATER)
    assert point(1) == point(1) != point(2)
    assert point(1) != labelled(1)
    assert hash(point(1, 2.0, (), more=())) == hash((1, 2.0, (), ()))
    unequal, _ = classes(LATER, eq=False)
    assert unequal(1) != unequal(1)
    assert len({unequal(1), unequal(1)}) == 2


def test_a_frozen_object_refuses_changes():
    point, _ = classes(LATER)
    made = point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del made.x
    assert dataclasses.replace(made, x=5) == point(5)
    assert dataclasses.asdict(made) == {"x": 1, "y": 2.0, "names": [], "more": {}}


def test_a_class_that_is_not_frozen_can_change_and_has_no_hash():
    @records.dataclass
    class Count:
        n: int = 0

    made = Count()
    made.n = 3
    assert made == Count(3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_a_class_with_its_own_init_keeps_it():
    @records.dataclass(frozen=True, init=False)
    class Sum:
        total: int

        def __init__(self, *parts):
            object.__setattr__(self, "total", sum(parts))

    assert repr(Sum(1, 2)).endswith("Sum(total=3)")
    assert Sum(1, 2) == Sum(3)


@records.dataclass(frozen=True)
class Sent:
    """Whose objects come from another process, where alone the class was called."""

    n: int


def test_an_object_from_another_process_is_whole():
    made = object.__new__(Sent)
    made.__dict__["n"] = 3  # as pickle fills it
    assert repr(made) == "Sent(n=3)"
    assert made == pickle.loads(pickle.dumps(made)) == copy.copy(made) == Sent(3)  # noqa: S301 (our own)
    assert hash(made) == hash(Sent(3))


def test_threads_may_make_the_first_object_together():
    for _ in range(20):
        point, _ = classes(LATER)
        together, made = threading.Barrier(4), []

        def make(point=point, together=together, made=made):
            together.wait()
            made.append(point(1))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [point(1)] * 4


def test_only_tokens_have_slots_and_so_the_librarys_decorator():
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        if "dataclass" in {alias.name for alias in node.names}
    ]
    assert sorted(users) == ["records.py", "trace/tokens.py"]


def test_a_field_may_have_any_name():
    @LATER(frozen=True)
    class Named:
        set: int = 0
        unset: int = 1
        default: tuple[int, ...] = field(default_factory=lambda: (2,))

    assert (Named().set, Named().unset, Named().default) == (0, 1, (2,))
    assert Named(set=3, default=(4,)) == Named(3, 1, (4,))
