"""What code stands behind a part that is not ttc's: its files' digest belongs to a run's identity.

The code of a plug-in is its package, or its module, with the modules beside it that it imports, or
those of its distribution where it lies among installed packages. It is read when a part registers,
so that a file which is edited later, in a notebook's session, does not pass for what was loaded.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path
from types import CodeType
from typing import Any

from ttc.listing import all_below
from ttc.plugins import distribution, owner

_SUFFIXES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
_NOBODYS = {"pydantic", *sys.stdlib_module_names} - {"__main__"}


@dataclass(frozen=True)
class Code:
    """Of one plug-in. digest: SHA-256 (hex) of its files' names and content, empty where none can
    be read; version: of its distribution, empty without one.
    """

    digest: str
    version: str = ""

    @property
    def known(self) -> str:
        """What tells it from other code."""
        return self.digest or self.version


_known: dict[str, Code] = {}
_registered: dict[tuple[str, str], type] = {}


def note(cls: type) -> None:
    """A part registers: read the code behind it, again where it is loaded anew."""
    anew = _registered.get((cls.__module__, cls.__qualname__), cls) is not cls
    for whose in _owners(cls):
        if whose not in _known or anew:
            _known[whose] = _code(whose)
    if owner(cls.__module__):
        _registered[cls.__module__, cls.__qualname__] = cls


def code_of(classes: Iterable[type]) -> dict[str, Code]:
    """The code behind classes by whose it is, sorted; of ttc's own there is nothing to tell."""
    classes = list(classes)
    return {
        whose: _read(whose) or Code(_compiled(cls for cls in classes if whose in _owners(cls)))
        for whose in sorted({whose for cls in classes for whose in _owners(cls)})
    }


def _read(whose: str) -> Code | None:
    """What was read of files; once more where the distribution became known only later."""
    known = _known.get(whose)
    if known is None or (not known.version and distribution(whose) is not None):
        known = _known[whose] = _code(whose)
    return known if known.known else None


def _compiled(classes: Iterable[type]) -> str:
    """Digest of what classes without a file do, as those of a notebook's cells."""
    digest = hashlib.sha256()
    for cls in sorted(classes, key=lambda one: one.__qualname__):
        for name, member in sorted(vars(cls).items()):
            code = getattr(inspect.unwrap(getattr(member, "__func__", member)), "__code__", None)
            if code is not None:
                digest.update(
                    f"{cls.__qualname__}.{name} {_plain(code)}\n".encode(errors="replace")
                )
    return digest.hexdigest()


def _plain(value: object) -> str:
    """A function's code, or a constant in it, the same in every process."""
    if isinstance(value, CodeType):
        return f"{value.co_code.hex()} {value.co_names} {_plain(value.co_consts)}"
    if isinstance(value, tuple | frozenset):
        each = map(_plain, value)
        return f"({', '.join(each if isinstance(value, tuple) else sorted(each))})"
    return repr(value)


def _owners(cls: type) -> set[str]:
    """Of the class and those that it is made from, where they are neither ttc's nor Python's."""
    found = {owner(base.__module__) for base in cls.__mro__}
    return {whose for whose in found if whose and whose not in _NOBODYS}


def _code(whose: str) -> Code:
    dist = distribution(whose)
    version = f"{dist.name} {dist.version}" if dist is not None else ""
    digest = hashlib.sha256()
    read = False
    for name, path in sorted(_files(whose, dist).items()):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        read = True
        digest.update(f"{name}\n{hashlib.sha256(content).hexdigest()}\n".encode(errors="replace"))
    return Code(digest.hexdigest() if read else "", version)


def _files(whose: str, dist: Any) -> dict[str, Path]:
    """Its files by names that are the same on every machine."""
    module = sys.modules.get(whose)
    places = [Path(place) for place in getattr(module, "__path__", ())]
    if not places and getattr(module, "__file__", None):
        places = [Path(str(module.__file__))]  # type: ignore[union-attr]
    found: dict[str, Path] = {}
    for place in places:
        found |= _inside(place)
        if not _is_installed(place.parent):
            found |= _beside(place.parent, found)
    return found | _distributed(dist)


def _inside(place: Path) -> dict[str, Path]:
    """Of a package's folder or a module."""
    files = all_below(place) if place.is_dir() else [place]
    return {
        file.relative_to(place.parent).as_posix(): file
        for file in files
        if file == place or file.name.endswith(_SUFFIXES)
    }


def _beside(folder: Path, begun: dict[str, Path]) -> dict[str, Path]:
    """The modules and packages of a folder that these files import, and so on."""
    found, pending = dict(begun), list(begun.values())
    while pending:
        for name in _imports(pending.pop()):
            for place in (folder / f"{name}.py", folder / name):
                new = _inside(place) if place.exists() else {}
                pending += [path for at, path in new.items() if at not in found]
                found |= new
    return found


def _imports(file: Path) -> Iterator[str]:
    """Names of modules that a source file imports and that may stand beside its own."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return
    for node in ast.walk(tree):
        for name in _imported(node):
            whose = owner(name)
            if whose and whose not in _NOBODYS:
                yield whose


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []  # of a package, all modules are counted


def _is_installed(folder: Path) -> bool:
    """Whether what is beside a package there is not its own."""
    places = {Path(path) for path in sysconfig.get_paths().values()}
    named = folder.name in ("site-packages", "dist-packages")
    return named or folder in places or any(folder.glob("*.dist-info"))


def _distributed(dist: Any) -> dict[str, Path]:
    """What a distribution brought, if it was copied to its place."""
    files = (dist.files or ()) if dist is not None else ()
    return {
        str(file): Path(str(file.locate()))
        for file in files
        if file.name.endswith(_SUFFIXES) and not file.name.startswith("__editable__")
    }
