"""What backends say of themselves without being opened."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ttc.backends.llama_cpp import LlamaCpp
from ttc.backends.nano import Nano
from ttc.backends.openai import OpenAI
from ttc.backends.table import capabilities_table
from ttc.backends.transformers import Transformers
from ttc.backends.vllm import VLLM
from ttc.core import Capabilities
from ttc.errors import BackendError, MissingExtra
from ttc.installing import with_extra
from ttc.registry import parts


def test_the_table_has_every_backend_and_capability():
    rows = {row["type"]: row for row in capabilities_table()}
    assert set(rows) == set(parts("backend"))
    for row in rows.values():
        assert set(Capabilities.__dataclass_fields__) <= set(row), row["type"]
        assert row["summary"].endswith(".") or row["summary"]
        assert row["installed"] or row["extra"]
    assert rows["nano"]["deterministic"]
    assert rows["transformers"]["hidden_states"]


def test_an_opened_backend_offers_what_its_config_says():
    part = OpenAI(model="m", base_url="http://x.test", n_per_call=3, omit=("seed",), raw=False)
    offered = part.open().capabilities
    assert offered == part.offers
    assert (offered.max_n, offered.seed, offered.raw) == (3, False, False)
    assert Nano().open().capabilities == Nano().offers


@pytest.mark.parametrize(
    ("part", "module"),
    [
        (Transformers(model="x"), "torch"),
        (VLLM(model="x"), "vllm"),
        (LlamaCpp(model=Path("x.gguf")), "llama_cpp"),
    ],
)
def test_a_missing_extra_says_what_to_install(part, module):
    if find_spec(module) is not None:
        pytest.skip(f"{module} is installed")
    with pytest.raises(MissingExtra, match=re.escape(with_extra(part.extra))):
        part.open()


def test_a_missing_weight_file(tmp_path):
    pytest.importorskip("llama_cpp")
    with pytest.raises(BackendError, match="there is no file"):
        LlamaCpp(model=tmp_path / "x.gguf").open()


def test_the_configs_load_no_heavy_library():
    code = (
        "import sys; from ttc.registry import parts; parts('backend');"
        "print([m for m in ('openai','litellm','torch','transformers','vllm','httpx','aiohttp',"
        "'pyarrow','starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
