"""The backend behind `type: llama-cpp`. One thread owns the model; samples come one by one.

llama.cpp keeps the last prompt's keys and values, so further samples of a prompt read it for free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ttc.backends.common.foreign import shorten
from ttc.backends.common.weights import digest
from ttc.backends.llama_cpp.generate import LlamaModel
from ttc.core import Call, Completion, ModelIdentity, Prompt
from ttc.errors import BackendError, CallFailed, MissingExtra

if TYPE_CHECKING:
    from ttc.backends.llama_cpp import LlamaCpp

T = TypeVar("T")
# GGUF's metadata names, after the architecture's own prefix.
_SHAPE = {
    "layers": "block_count",
    "width": "embedding_length",
    "heads": "attention.head_count",
    "kv_heads": "attention.head_count_kv",
    "mlp_width": "feed_forward_length",
}


class LlamaBackend:
    """See `ttc.core.Backend`."""

    def __init__(self, config: LlamaCpp) -> None:
        try:
            import llama_cpp  # noqa: F401
        except ImportError as missing:
            raise MissingExtra("the backend 'llama-cpp'", "llama-cpp") from missing
        if not config.model.is_file():
            raise BackendError(f"there is no file {config.model}")
        self.capabilities = config.offers
        self._config = config
        self._thread = ThreadPoolExecutor(1, "ttc-llama")
        self._turn = asyncio.Lock()
        self._model: LlamaModel | None = None

    async def _run(self, work: Callable[[LlamaModel], T]) -> T:
        def whole() -> T:
            if self._model is None:
                self._model = _load(self._config)
            return work(self._model)

        return await asyncio.get_running_loop().run_in_executor(self._thread, whole)

    async def identify(self) -> ModelIdentity:
        return await self._run(self._identity)

    def _identity(self, model: LlamaModel) -> ModelIdentity:
        import llama_cpp

        llm, metadata = model.llm, model.llm.metadata
        family = metadata.get("general.architecture", "")
        facts: dict[str, Any] = {
            "parameters": int(llama_cpp.llama_model_n_params(llm.model)),
            "context_length": self._config.context_length,
            "vocab": llm.n_vocab(),
        }
        for fact, key in _SHAPE.items():
            if f"{family}.{key}" in metadata:
                facts[fact] = int(metadata[f"{family}.{key}"])
        return ModelIdentity(
            backend="llama-cpp",
            model=self._config.model.stem,
            revision=digest(self._config.model),
            facts=facts,
        )

    async def complete(self, call: Call) -> list[Completion]:
        # One thread job per sample, so that a cancelled run stops after the sample under way; one
        # call after the other, so that its prompt is read once.
        async with self._turn:
            return [await self._run(partial(self._one, call, seed)) for seed in call.seeds]

    def _one(self, call: Call, seed: int, model: LlamaModel) -> Completion:
        began = time.perf_counter()
        # llama.cpp rounds a short context up, so its own number is not what was asked for.
        ids, context = model.tokenize(call.prompt), self._config.context_length
        if len(ids) >= context or not ids:
            raise CallFailed(
                f"the prompt has {len(ids)} tokens, the context_length of {self._config.model} is "
                f"{context}",
                "context_length",
            )
        room = min(call.params.max_tokens, context - len(ids))
        try:
            done = model.sample(ids, seed, room, call.params)
            return replace(done, seconds=time.perf_counter() - began)
        except (RuntimeError, ValueError) as error:
            text = shorten(str(error))
        raise BackendError(f"llama-cpp: {text}")

    def count_tokens(self, prompt: Prompt) -> int | None:
        return None if self._model is None else len(self._model.tokenize(prompt))

    async def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._model is not None:
            self._model.llm.close()
            self._model = None


def _load(config: LlamaCpp) -> LlamaModel:
    import llama_cpp

    try:
        llm = llama_cpp.Llama(
            model_path=str(config.model),
            n_ctx=config.context_length,
            n_gpu_layers=config.gpu_layers,
            n_threads=config.threads,
            n_threads_batch=config.threads,
            verbose=False,
        )
    except (OSError, ValueError) as error:
        text = shorten(str(error))
    else:
        return LlamaModel(llm)
    raise BackendError(f"can't load {config.model}: {text}")
