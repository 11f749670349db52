"""Where the recipes and sweeps of the package are; cheap to import, as the shell asks for them."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
_SWEEPS = "sweeps"


def shipped_files() -> dict[str, Path]:
    """Recipe files by name, those in folders as `verifiers/prm`: packed into an installed package,
    in `recipes/` of a checkout.
    """
    return {name: path for name, path in _files().items() if not name.startswith(f"{_SWEEPS}/")}


def shipped_sweeps() -> dict[str, Path]:
    """Sweeps' files by name, such as `sweeps/temperature`."""
    return {name: path for name, path in _files().items() if name.startswith(f"{_SWEEPS}/")}


def _files() -> dict[str, Path]:
    packed = _HERE / "recipes"
    folder = packed if packed.is_dir() else _HERE.parent / "recipes"
    found = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*/*.yaml"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}
