"""The backend behind `type: vllm`.

`LLM.generate` blocks, so a thread of our own calls it with everything that waits: calls that come
while a batch is computed form the next one. Each sample is a request of its own with its own seed;
vLLM's prefix cache computes their common prompt once.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.backends.common.endings import told
from ttc.backends.common.foreign import shorten
from ttc.backends.common.tokens import keep, mean_logprob
from ttc.backends.common.weights import digest, tokenize, tokenize_passage
from ttc.core import Call, Completion, ModelIdentity, Passage, Prompt, TokenLogprob
from ttc.errors import BackendError, CallFailed, MissingExtra

if TYPE_CHECKING:
    from ttc.backends.vllm import VLLM

Job = tuple[Call, "Future[list[Completion]]"]


class VLLMBackend:
    """See `ttc.core.Backend`."""

    def __init__(self, config: VLLM) -> None:
        try:
            import vllm  # noqa: F401
        except ImportError as missing:
            raise MissingExtra("the backend 'vllm'", "vllm") from missing
        self.capabilities = config.offers
        self._config = config
        self._llm: Any = None
        self._loading = threading.Lock()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def _loaded(self) -> Any:
        with self._loading:
            if self._llm is None:
                self._llm = _load(self._config)
                self._thread = threading.Thread(target=self._work, name="ttc-vllm", daemon=True)
                self._thread.start()
        return self._llm

    async def identify(self) -> ModelIdentity:
        return _identity(self._config, await asyncio.to_thread(self._loaded))

    async def complete(self, call: Call) -> list[Completion]:
        await asyncio.to_thread(self._loaded)
        done: Future[list[Completion]] = Future()
        self._jobs.put((call, done))
        return await asyncio.wrap_future(done)

    async def read(self, call: Call) -> list[Completion]:
        """The log-probabilities of a passage's steps; see `ttc.core.Reader`."""
        return await self.complete(call)

    def _work(self) -> None:
        ending = False
        while not ending:
            waiting = [self._jobs.get()]
            while not self._jobs.empty():
                waiting.append(self._jobs.get())
            ending = None in waiting
            self._batch([job for job in waiting if job is not None])

    def _batch(self, jobs: list[Job]) -> None:
        """Compute all samples of all jobs in one call of vLLM."""
        began = time.perf_counter()
        prompts: list[dict[str, list[int]]] = []
        params: list[Any] = []
        placed: list[tuple[Job, int]] = []
        for call, done in jobs:
            if not done.set_running_or_notify_cancel():
                continue
            try:
                ids = self._ids(call)
            except BackendError as error:
                done.set_exception(error)
                continue
            placed.append(((call, done), len(prompts)))
            prompts += [{"prompt_token_ids": ids}] * len(call.seeds)
            params += [_sampling(call, seed) for seed in call.seeds]
        try:
            outputs = self._llm.generate(prompts, params, use_tqdm=False) if prompts else []
        except Exception as error:  # anything in vLLM; its process is unlikely to recover
            for (_, done), _ in placed:
                done.set_exception(BackendError(f"vLLM failed: {shorten(str(error))}"))
            return
        seconds = (time.perf_counter() - began) / max(1, len(outputs))
        for (call, done), start in placed:
            own = outputs[start : start + len(call.seeds)]
            if not isinstance(call.prompt, Passage):
                done.set_result([_completion(output, call, seconds) for output in own])
                continue
            try:
                done.set_result([self._read(own[0], call.prompt, seconds)])
            except (TypeError, ValueError, KeyError):  # the thread goes on for other calls
                done.set_exception(BackendError("vLLM gave no log-probabilities of the prompt"))

    def _read(self, output: Any, passage: Passage, seconds: float) -> Completion:
        """The token that vLLM samples besides comes of reading the last one, and is dropped."""
        before, steps = tokenize_passage(self._llm.get_tokenizer(), passage)
        start = max(1, len(before))
        known = list(zip((before + steps)[start:], output.prompt_logprobs[start:], strict=True))
        return Completion(
            text="",
            finish_reason="read",
            prompt_tokens=len(before) + len(steps),
            completion_tokens=0,
            logprobs=tuple(_token(token, found) for token, found in known),
            seconds=seconds,
        )

    def _ids(self, call: Call) -> list[int]:
        if isinstance(call.prompt, Passage):
            before, steps = tokenize_passage(self._llm.get_tokenizer(), call.prompt)
            ids = before + steps
        else:
            ids = tokenize(self._llm.get_tokenizer(), call.prompt)
        context = int(self._llm.llm_engine.model_config.max_model_len)
        if not ids or len(ids) >= context:
            raise CallFailed(
                f"the prompt has {len(ids)} tokens, the context holds {context}", "context_length"
            )
        return ids

    def count_tokens(self, prompt: Prompt) -> int | None:
        if self._llm is None:
            return None
        if isinstance(prompt, Passage):
            return sum(map(len, tokenize_passage(self._llm.get_tokenizer(), prompt)))
        return len(tokenize(self._llm.get_tokenizer(), prompt))

    async def close(self) -> None:
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread, self._llm = None, None


def _load(config: VLLM) -> Any:
    import vllm

    try:
        return vllm.LLM(
            model=config.model,
            revision=config.revision,
            dtype=config.dtype,
            max_model_len=config.max_model_len,
            tensor_parallel_size=config.tensor_parallel_size,
            gpu_memory_utilization=config.gpu_memory_utilization,
            enable_prefix_caching=True,
            max_logprobs=config.offers.logprobs,
            **config.engine,
        )
    except (OSError, ValueError, RuntimeError) as error:
        text = shorten(str(error))
    raise BackendError(f"vLLM can't load {config.model}: {text}")


def _sampling(call: Call, seed: int) -> Any:
    import vllm

    params = call.params
    if isinstance(call.prompt, Passage):
        return vllm.SamplingParams(n=1, temperature=0.0, max_tokens=1, prompt_logprobs=0)
    return vllm.SamplingParams(
        n=1,
        seed=seed,
        temperature=params.temperature,
        top_p=params.top_p,
        top_k=-1 if params.top_k is None else params.top_k,
        max_tokens=params.max_tokens,
        stop=list(params.stop) or None,
        logprobs=params.logprobs,
    )


def _completion(output: Any, call: Call, seconds: float) -> Completion:
    sample = output.outputs[0]
    tokens = [
        _token(chosen, found)
        for chosen, found in zip(sample.token_ids, sample.logprobs or (), strict=False)
    ]
    prompt_tokens = len(output.prompt_token_ids)
    return Completion(
        text=sample.text,
        finish_reason=sample.finish_reason or "stop",
        prompt_tokens=prompt_tokens,
        completion_tokens=len(sample.token_ids),
        mean_logprob=mean_logprob(tokens),
        logprobs=keep(tokens, call.params.keep_logprobs),
        stopped_by=told(sample.stop_reason, call.params.stop),
        cached_tokens=min(getattr(output, "num_cached_tokens", 0) or 0, prompt_tokens),
        seconds=seconds,
    )


def _token(chosen: int, found: Any) -> TokenLogprob:
    """VLLM lists the top tokens and, where it is not among them, the chosen one."""
    own = found[chosen]
    ranked = sorted(found.values(), key=lambda entry: entry.rank)
    top: dict[str, float] = {}
    for entry in ranked:
        top.setdefault(entry.decoded_token or "", entry.logprob)
    return TokenLogprob(own.decoded_token or "", own.logprob, top)


def _identity(config: VLLM, llm: Any) -> ModelIdentity:
    model = llm.llm_engine.model_config
    shape = model.hf_config
    facts = {
        "context_length": model.max_model_len,
        "layers": getattr(shape, "num_hidden_layers", None),
        "width": getattr(shape, "hidden_size", None),
        "heads": getattr(shape, "num_attention_heads", None),
        "kv_heads": getattr(shape, "num_key_value_heads", None),
        "mlp_width": getattr(shape, "intermediate_size", None),
        "vocab": getattr(shape, "vocab_size", None),
        "dtype": str(model.dtype).removeprefix("torch."),
    }
    folder = Path(config.model)
    local = folder.is_dir()
    return ModelIdentity(
        backend="vllm",
        model=folder.name if local else config.model,
        revision=digest(folder) if local else str(getattr(shape, "_commit_hash", "") or ""),
        facts={k: v for k, v in facts.items() if v is not None},
    )
