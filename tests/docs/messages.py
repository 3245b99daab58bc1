"""Finds every text in the source that a user can meet when something is wrong, by reading the source as a tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, singledispatch
from pathlib import Path

from tap_exact_online import errors

PACKAGE = Path(errors.__file__).parent
HOLE = "…"
"""What stands for the part of a message that is known at run time only."""

# The sandbox is no part of a run.
_LEFT_OUT = ("sandbox", "edm")
_LOGGED = frozenset({"warning", "error", "exception", "critical"})
_PLACEHOLDER = re.compile(r"%(?:\.\d+)?[sdfgr]")
_LEAST_WORDS = 2
_LEAST_WORDS_OF_A_PART = 4  # what fills a hole is mostly a name or a number

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Message:
    """A text, and where it stands.

    Attributes:
        text: The text, with a hole for each part that is filled in.
        place: File and line.
    """

    text: str
    place: str


def messages() -> list[Message]:
    """Return every text that is raised, logged as a warning or error, or written to standard error."""
    found = {}
    for file, tree in _trees().items():
        for expression, function in _spoken(tree):
            for text in _texts(expression, function, depth=2):
                clean = " ".join(_PLACEHOLDER.sub(HOLE, text).split())
                if _words(clean) >= _LEAST_WORDS:
                    place = f"{file.relative_to(PACKAGE.parent)}:{expression.lineno}"
                    found.setdefault(clean, Message(clean, place))
    return list(found.values())


def literals() -> list[str]:
    """Return every text in the source, whether it reaches a user or not."""
    nodes = [node for tree in _trees().values() for node in ast.walk(tree)]
    plain = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return plain + ["".join(map(_part, node.values)) for node in nodes if isinstance(node, ast.JoinedStr)]


def _words(text: str) -> int:
    return len(re.findall(r"[A-Za-z]{2,}", text))


@cache
def _trees() -> Mapping[Path, ast.Module]:
    files = [
        file
        for file in sorted(PACKAGE.rglob("*.py"))
        if not set(file.relative_to(PACKAGE).parts) & {*_LEFT_OUT}
    ]
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def _functions() -> Mapping[str, list[_Function]]:
    """Return the functions and methods of the package by name."""
    named: dict[str, list[_Function]] = {}
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, _Function):
                named.setdefault(node.name, []).append(node)
    return named


@cache
def _failures() -> frozenset[str]:
    """Return the names of the classes whose instances are failures."""
    names = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.TapError)
    }
    classes = [
        node for tree in _trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    names |= {each.name for each in classes if any(_name(base) in names for base in each.bases)}
    return frozenset(names)


def _spoken(tree: ast.Module) -> Iterator[tuple[ast.expr, _Function | None]]:
    """Yield the expressions whose value reaches a user, each with the function it stands in."""
    for function in [None, *(node for node in ast.walk(tree) if isinstance(node, _Function))]:
        for node in _own(function or tree):
            if isinstance(node, ast.Call) and (argument := _argument(node)) is not None:
                yield argument, function
            if isinstance(node, ast.Yield) and node.value and function and function.name == "_warnings":
                yield node.value, function


def _own(parent: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function or module, but not in a function within it."""
    for child in ast.iter_child_nodes(parent):
        if not isinstance(child, _Function):
            yield child
            yield from _own(child)


def _argument(call: ast.Call) -> ast.expr | None:
    """Return the argument of a call that is a message, if the call takes one."""
    name = _name(call.func)
    told = name in _failures() or (name in _LOGGED and isinstance(call.func, ast.Attribute))
    if name == "echo":  # on standard error, things are not as they should be
        told = any(keyword.arg == "err" for keyword in call.keywords)
    if name in {"warn", "missed", "rejected", "remark", "exit"}:
        told = isinstance(call.func, ast.Attribute)
    why = next((keyword.value for keyword in call.keywords if keyword.arg == "why"), None)
    return why or (call.args[0] if told and call.args else None)


@singledispatch
def _texts(expression: ast.expr, function: _Function | None, depth: int) -> Iterator[str]:
    """Yield the texts that an expression can have; names and calls of our own are followed, `depth` deep."""
    del expression, function, depth
    yield from ()


@_texts.register
def _(expression: ast.Constant, function: _Function | None, depth: int) -> Iterator[str]:
    del function, depth
    if isinstance(expression.value, str):
        yield expression.value


@_texts.register
def _(expression: ast.JoinedStr, function: _Function | None, depth: int) -> Iterator[str]:
    yield "".join(_part(part) for part in expression.values)
    for part in expression.values:  # what fills a hole may be a text of our own
        if isinstance(part, ast.FormattedValue):
            parts = _texts(part.value, function, depth)
            yield from (text for text in parts if _words(text) >= _LEAST_WORDS_OF_A_PART)


@_texts.register
def _(expression: ast.BinOp, function: _Function | None, depth: int) -> Iterator[str]:
    lefts = list(_texts(expression.left, function, depth)) or [HOLE]
    rights = list(_texts(expression.right, function, depth)) or [HOLE]
    yield from (left + right for left in lefts for right in rights)


@_texts.register
def _(expression: ast.IfExp, function: _Function | None, depth: int) -> Iterator[str]:
    yield from _texts(expression.body, function, depth)
    yield from _texts(expression.orelse, function, depth)


@_texts.register
def _(expression: ast.Name, function: _Function | None, depth: int) -> Iterator[str]:
    if function is not None and depth:
        for value in _assigned(expression.id, function):
            yield from _texts(value, function, depth - 1)


@_texts.register
def _(expression: ast.Subscript, function: _Function | None, depth: int) -> Iterator[str]:
    del function, depth
    yield from _from_tables(expression)


@_texts.register
def _(expression: ast.Call, function: _Function | None, depth: int) -> Iterator[str]:
    del function
    if _name(expression.func) == "next":
        yield from _from_tables(expression)
    elif depth:
        for callee in _functions().get(_name(expression.func), []):
            for value in _returned(callee):
                yield from _texts(value, callee, depth - 1)


def _from_tables(expression: ast.expr) -> Iterator[str]:
    """Yield the texts of the module's tables that an expression picks from."""
    for name in {_name(node) for node in ast.walk(expression)} & set(_tables()):
        for node in ast.walk(_tables()[name]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _words(node.value) > 1:
                yield node.value


@cache
def _tables() -> Mapping[str, ast.expr]:
    """Return the tables of constants at the top of modules by name."""
    tables: dict[str, ast.expr] = {}
    for statement in (statement for tree in _trees().values() for statement in tree.body):
        if isinstance(statement, ast.AnnAssign | ast.Assign) and isinstance(
            statement.value, ast.Dict | ast.Tuple
        ):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            tables.update({_name(target): statement.value for target in targets})
    return tables


def _part(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else HOLE


def _assigned(name: str, function: _Function) -> Iterator[ast.expr]:
    for node in _own(function):
        if isinstance(node, ast.Assign) and any(_name(target) == name for target in node.targets):
            yield node.value


def _returned(function: _Function) -> Iterator[ast.expr]:
    for node in _own(function):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            yield node.value


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
