"""Kinds of model access are packages that don't need each other."""

import json
import subprocess
import sys

import pytest

HEAVY = ["httpx", "openai", "litellm", "aiohttp", "torch", "transformers", "vllm", "llama_cpp"]


def loaded(code):
    """Which of the heavy libraries a fresh interpreter has after this."""
    code += f"\nimport sys, json; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_listing_all_parts_loads_no_library_of_any():
    kinds = ("backend", "dataset", "sampler", "verifier", "policy")
    assert loaded(f"from ttc.registry import parts\nfor k in {kinds}: parts(k)") == []


@pytest.mark.parametrize(
    ("kind", "takes"),
    [
        ("nano", []),
        ("replay", []),
        ("llama_cpp", []),
        ("transformers", []),
        ("vllm", []),
        ("openai", ["httpx", "openai", "aiohttp"]),
        ("vllm_pooling", ["httpx", "openai", "aiohttp"]),
    ],
)
def test_a_kind_loads_its_own_libraries_only(kind, takes):
    assert set(loaded(f"import ttc.backends.{kind}.client")) <= set(takes)


def test_helpers_beside_parts_are_no_parts():
    from ttc.registry import parts

    names = {"litellm", "llama-cpp", "nano", "openai", "replay", "transformers", "vllm"}
    assert names <= parts("backend").keys()
    assert not {"common", "http", "table"} & parts("backend").keys()
