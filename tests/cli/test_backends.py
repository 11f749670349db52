"""`ttc backends`: the capability table for people and for programs."""

import json
from dataclasses import fields
from importlib.util import find_spec

from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.core import Capabilities
from ttc.installing import with_extra
from ttc.registry import parts


def test_json_has_every_backend_and_capability():
    done = CliRunner().invoke(app, ["backends", "--json"])
    rows = {row["type"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(parts("backend"))
    names = {field.name for field in fields(Capabilities)}
    assert all(names <= set(row) for row in rows.values())
    assert rows["vllm"]["extra"] == "vllm"
    assert rows["vllm"]["installed"] == (find_spec("vllm") is not None)


def test_the_table_says_what_to_install():
    done = CliRunner().invoke(app, ["backends"])
    assert done.exit_code == 0
    for name in parts("backend"):
        assert f"\n{name}: " in done.stdout
    if find_spec("vllm") is None:
        assert with_extra("vllm") in " ".join(done.stdout.split())
