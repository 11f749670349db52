"""Whose code it is: plug-ins are named in errors, which are not ttc's then."""

from __future__ import annotations

from types import FrameType
from typing import Any

_foreign: dict[str, str] = {}
"""By the name of a package outside of ttc: how the plug-in that it is, is called."""


def named(point: Any) -> str:
    """An entry point in words, with the distribution it comes from; remembered by its package."""
    dist = getattr(point, "dist", None)
    of = f" of {dist.name} {dist.version}" if dist is not None else ""
    name = f"the plug-in {point.name!r}{of}"
    if root := _root(str(getattr(point, "module", ""))):
        _foreign[root] = name
    return name


def note(module: str) -> None:
    """Remember that a module has a part; of ttc's own there is nothing to remember."""
    if (root := _root(module)) != "ttc":
        _foreign.setdefault(root, f"the plug-in {root!r}")


def told(error: BaseException) -> str:
    """A foreign error in one printable line."""
    text = " ".join(f"{type(error).__name__}: {_text(error)}".split())[:300]
    return "".join(c if c.isprintable() else "?" for c in text).removesuffix(":")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # foreign code
        return ""


def plugin_of(cls: type) -> str | None:
    """Whose a class outside of ttc is, None for ours: `the plug-in 'x' of dist 1.0 (mod.Class)`."""
    root = _root(cls.__module__)
    if root == "ttc":
        return None
    name = _foreign.get(root, f"the plug-in {root!r}")
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
        ours = _root(str(trace.tb_frame.f_globals.get("__name__", ""))) == "ttc"
        found = None if ours else _plugin_at(trace.tb_frame) or found
        trace = trace.tb_next
    return found


def _plugin_at(frame: FrameType) -> str | None:
    return _foreign.get(_root(str(frame.f_globals.get("__name__", ""))))


def _root(module: str) -> str:
    return module.partition(".")[0]
