"""Which errors a use case can raise, read off its code, so that the document and the code cannot part.

A function raises what its `raise` statements name, what its docstring says that it raises, what the moves that it makes
are refused with, and what the functions of ours that it names can raise.
"""

import ast
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from app import errors
from app.errors import AppError, IllegalMove, NotFound
from app.services.lifecycle.engine import Lifecycle

_NEVER_READ = ("app.db", "app.ops", "app.config", "app.models", "app.errors", "app.process")
_MOVES = {"move", "why_not"}
_RAISES = re.compile(r"\b[Rr]aises ([A-Z]\w+(?:(?:,| and|, and| or)?\s+(?:and |or )?[A-Z]\w+)*)")

Error = type[AppError]


def raised_by(function: Callable[..., Any], kind: str) -> frozenset[Error]:
    """The errors that a controller or a service function can raise for an actor of this kind."""
    found: set[Error] = set()
    seen: set[object] = set()
    waiting: list[object] = [function]
    while waiting:
        one = waiting.pop()
        for each in _functions_of(one):
            if each in seen:
                continue
            seen.add(each)
            read = _read(each)
            found |= read.errors
            waiting += read.names
            for lifecycle, verb in _moves_of(read):
                found |= lifecycle.refusals(verb, kind)
    return frozenset(found - {IllegalMove, AppError})


class _Read:
    """What one function says: the errors that it raises itself, the moves that it makes, and what else it names.

    `movers` are the lifecycles whose verb it is given by who calls it, `told` the words that it gives to those it calls.
    """

    def __init__(self) -> None:
        self.errors: set[Error] = set()
        self.moves: set[tuple[Lifecycle, str]] = set()
        self.movers: set[Lifecycle] = set()
        self.told: list[tuple[object, str]] = []
        self.names: list[object] = []


def _moves_of(read: _Read) -> Iterator[tuple[Lifecycle, str]]:
    """The moves that a function makes itself, or by those to whom it tells the verb."""
    yield from read.moves
    for called, word in read.told:
        for function in _functions_of(called):
            for lifecycle in _read(function).movers:
                yield lifecycle, word


def _functions_of(named: object) -> Iterator[types.FunctionType]:
    """The functions of ours that may run where this is named: itself, a class's making, the values of a table."""
    if isinstance(named, partial):
        yield from _functions_of(named.func)
    elif isinstance(named, dict):
        for value in named.values():
            if not isinstance(value, dict):
                yield from _functions_of(value)
    elif isinstance(named, type):
        for name in ("__init__", "__post_init__"):
            if not issubclass(named, AppError) and name in vars(named):
                yield from _functions_of(vars(named)[name])
    else:
        plain = inspect.unwrap(getattr(named, "__func__", named))  # type: ignore[arg-type]
        if isinstance(plain, types.FunctionType) and _is_ours(plain.__module__):
            yield plain


def _is_ours(module: str | None) -> bool:
    return module is not None and module.startswith("app.") and not module.startswith(_NEVER_READ)


@cache
def _read(function: types.FunctionType) -> _Read:
    found = _Read()
    node = _nodes(function.__module__).get(function.__code__.co_firstlineno)
    if node is None:
        return found
    space = _Namespace(function)
    found.errors |= _said(inspect.getdoc(function) or "")
    for each in _walk(node, space):
        if isinstance(each, ast.Raise) and each.exc is not None:
            found.errors |= _errors_in(each.exc, space)
        elif isinstance(each, ast.Call):
            _add_call(each, space, found)
        elif isinstance(each, ast.Name | ast.Attribute):
            value = space.value_of(each)
            if value is not None and not isinstance(value, types.ModuleType):
                found.names.append(value)
    return found


def _walk(node: ast.AST, space: "_Namespace") -> Iterator[ast.AST]:
    """What is in a function, but for its parameters, and for what is tried where every error of ours is caught."""
    for name, value in ast.iter_fields(node):
        if name == "args" and isinstance(value, ast.arguments):
            continue
        if name == "body" and isinstance(node, ast.Try) and any(_catches_all(each, space) for each in node.handlers):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from _walk(child, space)


def _catches_all(handler: ast.ExceptHandler, space: "_Namespace") -> bool:
    return handler.type is not None and space.value_of(handler.type) is AppError


def _add_call(call: ast.Call, space: "_Namespace", found: _Read) -> None:
    """Note what is called: the body of a row that may not be there, a move, or a function that is told which to make.

    A move of another row, which is made `by` what was moved before, was checked with that.
    """
    words = [given.value for given in call.args if isinstance(given, ast.Constant) and isinstance(given.value, str)]
    if isinstance(call.func, ast.Attribute):
        if call.func.attr == "body" and len(call.args) == 1:
            found.errors.add(NotFound)  # Work.body
        lifecycle = space.value_of(call.func.value)
        if isinstance(lifecycle, Lifecycle) and call.func.attr in _MOVES:
            if not any(keyword.arg == "by" for keyword in call.keywords):
                found.moves |= {(lifecycle, word) for word in words}
                found.movers |= set() if words else {lifecycle}
            return
    found.told += [(space.value_of(call.func), word) for word in words]


def _errors_in(raised: ast.expr, space: "_Namespace") -> set[Error]:
    values = (space.value_of(each) for each in ast.walk(raised) if isinstance(each, ast.Name | ast.Attribute))
    flat = (one for value in values for one in (value.values() if isinstance(value, dict) else [value]))
    return {one for one in flat if isinstance(one, type) and issubclass(one, AppError)}


def _said(docstring: str) -> set[Error]:
    """The errors that a docstring names after the word Raises."""
    names = (name for said in _RAISES.findall(docstring) for name in re.findall(r"[A-Z]\w+", said))
    return {found for name in names if isinstance(found := getattr(errors, name, None), type)}


class _Namespace:
    """What the names in a function stand for, as far as that is known before it runs."""

    def __init__(self, function: types.FunctionType) -> None:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        self._names = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
        self._own = set(function.__code__.co_varnames)

    def value_of(self, node: ast.expr) -> object:
        """The object that a name, or a name's attribute, stands for; None if that is not known."""
        if isinstance(node, ast.Name):
            return None if node.id in self._own else self._names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.value_of(node.value)
            known = isinstance(owner, types.ModuleType | type) or _is_ours(type(owner).__module__)
            return getattr(owner, node.attr, None) if known else None
        if isinstance(node, ast.Call):  # an attribute of what a function returns is looked up in the class that it says
            called = self.value_of(node.func)
            returned = getattr(inspect.unwrap(called), "__annotations__", {}).get("return") if callable(called) else None
            return returned if isinstance(returned, type) and _is_ours(returned.__module__) else None
        return None


@cache
def _nodes(module: str) -> dict[int, ast.AST]:
    """The functions of a module by the line on which each begins, decorators included."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))
    return {min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]): node for node in functions}
