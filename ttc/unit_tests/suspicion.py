"""What in a program is there to reach its checker rather than to solve the problem.

A look at the syntax, beside the sandbox: what it misses still can't read expected values, which
never come near the program. A search that is paid by tests finds such programs (robust-kbench).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_MODULES = frozenset(
    {
        *("os", "sys", "builtins", "ctypes", "gc", "inspect", "importlib", "subprocess", "signal"),
        *("threading", "multiprocessing", "concurrent", "asyncio", "time", "timeit", "resource"),
        *("socket", "io", "pathlib", "shutil", "glob", "tempfile", "pickle", "marshal", "atexit"),
        *("traceback", "pytest", "unittest", "doctest", "types", "platform", "mmap", "_thread"),
    }
)
_NAMES = frozenset(
    {
        *("open", "exec", "eval", "compile", "globals", "locals", "vars", "breakpoint", "input"),
        *("exit", "quit", "setattr", "delattr", "__import__", "__builtins__", "__loader__"),
    }
)
_ATTRIBUTES = frozenset(
    {
        *("__globals__", "__code__", "__subclasses__", "__bases__", "__mro__", "__dict__"),
        *("__closure__", "__builtins__", "__class__", "_getframe", "f_back", "gi_frame"),
    }
)
_METHODS = frozenset(
    {
        *("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__bool__"),
        *("__instancecheck__", "__subclasscheck__", "__reduce__", "__reduce_ex__", "__del__"),
        *("__getattribute__", "__class__"),
    }
)


def suspicions(program: str) -> tuple[str, ...]:
    """Reasons to give a program no credit, each once; none for what can't be parsed, which fails
    by itself. Ways of the language that honest programs of a search can do without.
    """
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(dict.fromkeys(why for node in ast.walk(tree) for why in _of(node)))


def _of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"imports {n.name}" for n in names if n.name.split(".")[0] in _MODULES)
        case ast.ImportFrom(module=module) if (module or ".").split(".")[0] in {*_MODULES, ""}:
            yield f"imports from {module}"
        case ast.Name(id=name) if name in _NAMES:
            yield f"uses {name}"
        case ast.Attribute(attr=name) if name in _ATTRIBUTES:
            yield f"uses {name}"
        case ast.ClassDef(body=body):
            for one in body:
                defined = _defined(one)
                yield from (f"defines {name}" for name in defined if name in _METHODS)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else ()
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return [target.id for target in targets if isinstance(target, ast.Name)]
