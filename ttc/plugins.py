"""Whose code it is: plug-ins are named in errors, which are not ttc's then.

A plug-in is a package or module of somebody else, or a file that somebody put into a folder of
ttc's parts.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

OWN: dict[str, frozenset[str]] = {
    folder: frozenset(names.split())
    for folder, names in {
        "backends": "common http litellm llama_cpp nano openai replay table transformers vllm",
        "datasets": "aime amc23 file gpqa_diamond gsm8k hub math500 nano reading",
        "samplers": "adaptive independent",
        "verifiers": "genrm",
        "policies": "_trial adaptive_consistency best_of_n esc first majority oracle pessimistic "
        "weighted_majority",
    }.items()
}
"""What ttc ships in the folders of its parts; what else is there is a plug-in. A test compares."""

_foreign: dict[str, str] = {}
"""By `owner`: how the plug-in is called."""
_distributions: dict[str, Any] = {}
"""By `owner`: what was installed, for those that came so."""


def owner(module: str) -> str | None:
    """Whose a module is: the name of its package or its own, outside of ttc; None for ttc's."""
    root = module.partition(".")[0]
    if root != "ttc":
        return root
    _, folder, name, *_ = (*module.split("."), "", "")
    return f"ttc.{folder}.{name}" if name and name not in OWN.get(folder, {name}) else None


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
