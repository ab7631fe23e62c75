"""A limit of this process's memory (``ulimit -v``), within which some libraries end the process by themselves."""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_NUMPY = 100_000_000  # bytes that importing it takes, most of them for OpenBLAS
_EXPECTED = "expected a higher limit, such as ulimit -v 500000"


def keep_numpy_within_limit() -> None:
    """From now on NumPy is imported only where there is room for it, and for its products."""
    sys.meta_path.insert(0, _RoomForNumpy())


class _RoomForNumpy:
    """Refuses the import of NumPy where there is no room for it."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """NumPy as it is found without us, and nothing else.

        Raises:
            InputError: there is no room for it.
        """
        if name != "numpy":
            return None
        from attnviz.memory import memory_fault, products_fault

        sys.meta_path.remove(self)
        _refuse("NumPy", memory_fault(_NUMPY))
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_with_room(module: ModuleType) -> None:
                execute(module)
                _refuse("a run", products_fault())

            spec.loader.exec_module = execute_with_room  # type: ignore[method-assign]  # of this one import
        return spec


def _refuse(what: str, fault: str | None) -> None:
    from attnviz.errors import InputError

    if fault is not None:
        raise InputError(f"memory: {what} {fault}; {_EXPECTED}")
