"""Real models behind one name, for tests of what happens when they change."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode leaves the helper modules of this folder out of sight.
sys.path.insert(0, str(Path(__file__).parent))

from disguise import Disguise


@pytest.fixture
def server(nano_server: str) -> Iterator[Disguise]:
    """The proxy, which counts what it is asked."""
    disguise = Disguise(nano_server)
    yield disguise
    disguise.shutdown()
    disguise.server_close()
