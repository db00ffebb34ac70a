"""Mutants of Python code, by the operators of mutmut, and of the SQL in its texts."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from mutation.mutant import Mutant
from mutation.sql import changes, looks_like_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Texts are mostly messages; those that are SQL are changed as SQL. None in the place of a value
#: ends the first test that comes by, and would only raise the score.
_LEFT_OUT = {"operator_string", "operator_assignment"}
_OPERATORS = [(kind, op) for kind, op in mutation_operators if op.__name__ not in _LEFT_OUT]


class _Finder(cst.CSTVisitor):
    """Collects a node and what may stand in its place, leaving out types and docstrings."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return False
        if isinstance(node, cst.If) and cst.Module([]).code_for_node(node.test) == "TYPE_CHECKING":
            return False
        if isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString):
            return False  # a docstring may look like SQL
        if _is_error(node):
            return False  # what an error says is checked by its words, not by each of its values
        line = self.get_metadata(PositionProvider, node).start.line
        for changed in _changed(node):
            self.found.append((node, changed, line))
        return True


def _is_error(node: cst.CSTNode) -> bool:
    """Tell whether a node makes an error to be raised."""
    match node:
        case cst.Call(func=cst.Name(name)) if name.endswith("Error"):
            return True
    return False


def _changed(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from (one for one in operator(node) if not _is_none_for_an_argument(node, one))
    if isinstance(node, cst.SimpleString | cst.FormattedStringText) and looks_like_sql(node.value):
        for text in changes(node.value):
            yield node.with_changes(value=text)


def _is_none_for_an_argument(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(changed, cst.Call)
        and len(node.args) == len(changed.args)
        and node.func is changed.func
    )


def mutants(path: Path, code: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
    finder = _Finder()
    wrapper.visit(finder)
    for node, changed, line in finder.found:
        yield Mutant(path, line, partial(_write, wrapper.module, node, changed))


def _write(module: cst.Module, node: cst.CSTNode, changed: cst.CSTNode) -> str | None:
    text: str = module.deep_replace(node, changed).code  # type: ignore[union-attr]
    try:
        program = ast.dump(ast.parse(text))
    except SyntaxError:
        return None
    return None if program == ast.dump(ast.parse(module.code)) else text
