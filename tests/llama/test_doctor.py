"""`ttc doctor` and fingerprints against a server and networks that are not ours."""

from __future__ import annotations

import asyncio
import ctypes
from pathlib import Path

import pytest

from ttc.backends.openai import OpenAI
from ttc.doctor.diagnosis import Target, diagnose
from ttc.fingerprint import PROMPTS, Fingerprint, changed, distance

llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
Q2_K, Q8_0, KV_Q8 = 10, 7, 8  # llama.cpp's numbers of formats


@pytest.mark.slow
def test_the_server_is_examined_to_the_end(server):
    found = asyncio.run(diagnose(Target(OpenAI(model="local"), server)))
    said = {(f.check, f.level): f.message for f in found.findings}
    assert found.healthy, found.findings
    assert "n_per_call: 1" in said["n", "warning"], "it ignores n"
    for check in ("usage", "max_tokens", "seed", "stop", "logprobs", "chat template"):
        assert (check, "ok") in said, found.findings
    assert not any("refused" in message for message in said.values())
    assert len(found.fingerprint.tops) == len(PROMPTS)


def taken(path: Path, **how) -> Fingerprint:
    settings = {"n_ctx": 256, "n_threads": 1, "logits_all": True, "verbose": False, **how}
    model = llama_cpp.Llama(model_path=str(path), **settings)
    try:
        tops = {}
        for prompt in PROMPTS:
            reply = model.create_completion(prompt, max_tokens=1, temperature=0.0, logprobs=5)
            for top in reply["choices"][0]["logprobs"]["top_logprobs"]:
                tops[prompt] = {token: float(nats) for token, nats in top.items()}
        return Fingerprint(False, tops)
    finally:
        model.close()


def quantised(path: Path, folder: Path, kind: int) -> Path:
    made = folder / f"{kind}.gguf"
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize, params.nthread = kind, True, 1
    done = llama_cpp.llama_model_quantize(
        str(path).encode(), str(made).encode(), ctypes.byref(params)
    )
    assert done == 0
    return made


@pytest.mark.slow
def test_noise_is_told_from_kernels_and_these_from_other_weights(gguf, tmp_path):
    base = taken(gguf)
    found = {
        "again": taken(gguf),
        "other batches and threads": taken(gguf, n_batch=1, n_threads=2),
        "flash attention, 8-bit cache": taken(gguf, flash_attn=True, type_k=KV_Q8, type_v=KV_Q8),
        "8-bit weights": taken(quantised(gguf, tmp_path, Q8_0)),
        "2-bit weights": taken(quantised(gguf, tmp_path, Q2_K)),
    }
    nats = {name: distance(base, one) for name, one in found.items()}
    print({name: round(gap, 3) for name, gap in nats.items()})  # for pytest -s
    assert nats["again"] < 0.001
    assert changed(base, found["other batches and threads"]) is None
    for name in ("flash attention, 8-bit cache", "8-bit weights"):
        assert nats["other batches and threads"] < nats[name] < 1
    assert "another model" in changed(base, found["2-bit weights"])
