"""What tests of several folders share."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Several workers share the cores already: more threads of linear algebra would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# pytest's importlib mode leaves helper modules out of sight.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))

# How long an example takes is the machine's affair; `pytest-timeout` ends what hangs.
settings.register_profile("ttc", deadline=None)
settings.load_profile("ttc")


@pytest.fixture(scope="session")
def nano_server() -> Iterator[str]:
    """The base URL of `ttc serve-model nano`, a real process for all tests of a session."""
    command = [sys.executable, "-m", "ttc", "serve-model", "nano", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        process.stdout.close()


@pytest.fixture
def own_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """own_parts(Class, ...) registers parts of a test's own, and nobody knows of them after it."""
    from ttc import plugins, registry

    for kind in registry.FOLDERS:  # else what is loaded meanwhile would be lost again
        registry.parts(kind)
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))
    monkeypatch.setattr(plugins, "_foreign", dict(plugins._foreign))

    def register(*classes: type) -> None:
        for one in classes:
            registry.register(one)

    return register


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
