"""Marks the tests that start a process, by what their code and their fixtures reach, so that nobody has to remember to."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from app.services.uploads import measuring
from app.services.uploads.content import image_process

INSPECTORS = {Path(image_process.__file__).name, measuring.__name__}  # each upload of a picture or a model has one for itself
STARTERS = {"subprocess", "multiprocessing"}
PROCESSES = "processes"


def mark(item: pytest.Item) -> None:
    """Mark the test `processes` if it can start one."""
    if isinstance(item, pytest.Function) and any(map(_starts, _code_of(item))):
        item.add_marker(PROCESSES)


def watch(item: pytest.Item, command: Any) -> None:
    """Refuse to start a process in a test that is not marked, unless it is one that inspects an upload."""
    if item.get_closest_marker(PROCESSES) is None and INSPECTORS.isdisjoint(Path(part).name for part in command):
        raise AssertionError(
            f"{item.nodeid} starts a process where tests/support/marking.py does not see it: mark it `{PROCESSES}`"
        )


def _code_of(item: pytest.Function) -> Iterator[Callable[..., Any]]:
    """The test, its class's helpers and its fixtures."""
    yield item.function
    for name in _names(inspect.unwrap(item.function).__code__):
        helper = getattr(item.cls, name, None)
        if isinstance(helper, FunctionType):
            yield helper
    for name in item.fixturenames:
        for definition in item._fixtureinfo.name2fixturedefs.get(name, ())[-1:]:
            yield definition.func


@cache
def _starts(function: Callable[..., Any]) -> bool:
    """Whether it, or what it uses of the tests' own code, uses a module that starts processes."""
    return any(_is_starter(used) for used in _reached(function))


def _is_starter(value: Any) -> bool:
    return (value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")) in STARTERS


def _reached(function: Callable[..., Any]) -> list[Any]:
    """Every global that it uses, and that these use where they are the tests' own."""
    found: dict[int, Any] = {}
    waiting: list[Any] = [function]
    while waiting:
        for value in _used(waiting.pop()):
            if id(value) not in found:
                found[id(value)] = value
                waiting.append(value)
    return list(found.values())


def _used(value: Any) -> Iterator[Any]:
    if inspect.isclass(value) and value.__module__.startswith("tests."):
        yield from vars(value).values()
    value = getattr(value, "fget", getattr(value, "__func__", value))
    if inspect.isroutine(value):
        with suppress(ValueError):
            value = inspect.unwrap(value)
    if isinstance(value, FunctionType) and value.__module__.startswith("tests."):
        yield from (value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__)


@cache
def _names(code: CodeType) -> frozenset[str]:
    """The names that it uses of globals and of attributes, and those of the functions written inside it."""
    inner = (_names(const) for const in code.co_consts if isinstance(const, CodeType))
    return frozenset(code.co_names).union(*inner)
