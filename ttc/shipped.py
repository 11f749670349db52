"""Where the recipes are that come with the package; cheap to import, as the shell asks for them."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped_files() -> dict[str, Path]:
    """Recipe files by name, those in folders as `verifiers/prm`: packed into an installed package,
    in `recipes/` of a checkout.
    """
    packed = _HERE / "recipes"
    folder = packed if packed.is_dir() else _HERE.parent / "recipes"
    found = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*/*.yaml"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}
