"""What `ttc` says to install is what works for this installation."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from shlex import split

import pytest

from ttc import installing


class _Installed:
    """An installed distribution. origin: its `direct_url.json`, none for one of an index."""

    def __init__(self, origin):
        self._origin = origin

    def read_text(self, name):
        assert name == "direct_url.json"
        return self._origin if self._origin is None else json.dumps(self._origin)


@pytest.fixture
def said(monkeypatch):
    """The command for the extra `hub`, word by word, where `ttc` came from some origin."""

    def of(origin):
        def distribution(name):
            if origin == "not installed":
                raise PackageNotFoundError(name)
            return _Installed(origin)

        monkeypatch.setattr(installing, "distribution", distribution)
        installing._source.cache_clear()
        return split(installing.with_extra("hub"))

    yield of
    installing._source.cache_clear()


@pytest.mark.parametrize("origin", [None, "not installed", {"url": "https://x.org/a.whl"}])
def test_the_index_knows_it_by_another_name(said, origin):
    assert said(origin) == ["pip", "install", "test-time-compute[hub]"]


def test_a_clone_is_named_by_its_folder(said):
    origin = {"url": "file:///home/me/my%20clone", "dir_info": {"editable": True}}
    assert said(origin) == ["pip", "install", "-e", "/home/me/my clone[hub]"]
    assert said({**origin, "dir_info": {}}) == ["pip", "install", "/home/me/my clone[hub]"]


def test_it_is_the_name_in_pyproject_and_nobody_is_sent_to_another_package():
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["name"] == installing.DISTRIBUTION
    page = (root / "docs/how-to/install.md").read_text(encoding="utf-8")
    assert set(
        re.findall(r"`([a-z0-9-]+)`", " ".join(re.findall(r"^\| (`.*?) \|", page, re.M)))
    ) == set(project["optional-dependencies"])
    texts = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("recipes/**/*.yaml")]
    texts += [path for path in root.glob("ttc/**/*") if path.suffix in {".py", ".md", ".yaml"}]
    for text in texts:
        written = text.read_text(encoding="utf-8")
        assert "pip install ttc" not in written, text
        assert "'ttc[" not in written, text
