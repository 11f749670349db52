"""Whose code it is: plug-ins are named in errors, which are not ttc's then."""

from __future__ import annotations

from pathlib import PurePath
from types import FrameType
from typing import Any

from ttc.errors import AT_PROBLEM
from ttc.secret_values import without_secrets

_foreign: dict[str, str] = {}
"""By `owner`: how the plug-in is called."""
_distributions: dict[str, Any] = {}
"""By `owner`: what was installed, for those that came so."""


def owner(module: str) -> str | None:
    """Whose a module is: the name of its package or its own, outside of ttc; None for ttc's."""
    root = module.partition(".")[0]
    return None if root == "ttc" else root


def distribution(whose: str) -> Any:
    """The distribution that an entry point named, None where there was none."""
    return _distributions.get(whose)


def named(point: Any) -> str:
    """An entry point in words, with the distribution it comes from; remembered by its package."""
    dist = getattr(point, "dist", None)
    of = f" of {dist.name} {dist.version}" if dist is not None else ""
    name = f"the plug-in {point.name!r}{of}"
    if whose := owner(str(getattr(point, "module", ""))):
        _foreign[whose] = name
        _distributions[whose] = dist
    return name


def note(module: str) -> None:
    """Remember that a module has a part; of ttc's own there is nothing to remember."""
    if whose := owner(module):
        _foreign.setdefault(whose, f"the plug-in {whose!r}")


def failure(error: BaseException, plugin: str, problem: str = "") -> str:
    """What a plug-in raised, in a sentence: whose it is, in which of its methods, at which problem,
    the error's kind and words, and the plug-in's own file and line.

    problem: its id, where the error does not bring it as a note (`ttc.errors.at_problem`).
    """
    frames = _frames(error) or _frames(_leaf(error))
    method = frames[0][0].f_code.co_qualname.rpartition("<locals>.")[2] if frames else ""
    where = f" in {method:.80}" if method and "<" not in method else ""
    at = f"{AT_PROBLEM}{problem!r:.80}" if problem else _noted(error)
    return _printable(f"{plugin} failed{where}{f' {at}' if at else ''}: {told(error)}")


def told(error: BaseException) -> str:
    """A foreign error in one printable line without secrets, with the plug-in's file and line as
    far as its code is on the way there.
    """
    leaf = _leaf(error)
    # Hidden before it is cut: what is left of half a key looks like none.
    text = without_secrets(" ".join(f"{type(leaf).__name__}: {_text(leaf)}".split()))[:300]
    frames = _frames(leaf)
    return _printable(text.removesuffix(":") + (f" ({_place(*frames[-1])})" if frames else ""))


def _leaf(error: BaseException) -> BaseException:
    """The first error of a group, as a `TaskGroup` raises them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Where the error passed through code of plug-ins, with the lines, the innermost last."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        if _plugin_at(trace.tb_frame):
            found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _place(frame: FrameType, line: int) -> str:
    """File and line. The file from its package on: where that lies is nobody's but its user's."""
    file = PurePath(frame.f_code.co_filename)
    depth = _module(frame).count(".") + 1 + (file.stem == "__init__")
    return f"{PurePath(*file.parts[-depth:]).as_posix()}, line {line}"


def _noted(error: BaseException) -> str:
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    return next((note[:100] for note in notes if note.startswith(AT_PROBLEM)), "")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # foreign code
        return ""


def plugin_of(cls: type) -> str | None:
    """Whose a class outside of ttc is, None for ours: `the plug-in 'x' of dist 1.0 (mod.Class)`."""
    whose = owner(cls.__module__)
    if whose is None:
        return None
    name = _foreign.get(whose, f"the plug-in {whose!r}")
    return f"{name} ({cls.__module__}.{cls.__qualname__})"


def plugin_in(frame: FrameType | None) -> str | None:
    """The plug-in whose code is running: the nearest that is on the stack."""
    while frame is not None:
        if plugin := _plugin_at(frame):
            return plugin
        frame = frame.f_back
    return None


def blamed(error: BaseException) -> str | None:
    """Which plug-in an error comes from: its code stands where the error arose, or nearer to that
    than ours does. None where it is ours, or nobody's.
    """
    found = None
    trace = error.__traceback__
    while trace is not None:
        ours = owner(_module(trace.tb_frame)) is None
        found = None if ours else _plugin_at(trace.tb_frame) or found
        trace = trace.tb_next
    return found


def _plugin_at(frame: FrameType) -> str | None:
    return _foreign.get(owner(_module(frame)) or "")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
