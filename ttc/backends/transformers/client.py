"""The backend behind `type: transformers`. One worker thread owns the model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ttc.backends.common.foreign import shorten
from ttc.backends.common.weights import digest, tokenize, tokenize_passage
from ttc.backends.transformers.assisted import Assisted
from ttc.backends.transformers.generate import Generator
from ttc.backends.transformers.reading import token_logprobs
from ttc.backends.transformers.rewards import Scorer, load_scorer
from ttc.core import Call, Completion, ModelIdentity, Passage, Prompt
from ttc.errors import BackendError, CallFailed, MissingExtra

if TYPE_CHECKING:
    from ttc.backends.transformers import Transformers

T = TypeVar("T")
Loaded = Generator | Scorer


class TransformersBackend:
    """See `ttc.core.Backend`."""

    def __init__(self, config: Transformers) -> None:
        try:
            import torch  # noqa: F401
            import transformers  # noqa: F401
        except ImportError as missing:
            raise MissingExtra("the backend 'transformers'", "transformers") from missing
        self.capabilities = config.offers
        self._config = config
        self._thread = ThreadPoolExecutor(1, "ttc-transformers")
        self._loaded: Loaded | None = None

    async def _run(self, work: Callable[[Loaded], T]) -> T:
        """Do something with the model in its thread; loads it first."""

        def whole() -> T:
            if self._loaded is None:
                self._loaded = _load(self._config)
            return work(self._loaded)

        return await asyncio.get_running_loop().run_in_executor(self._thread, whole)

    async def identify(self) -> ModelIdentity:
        return await self._run(lambda loaded: _identity(self._config, loaded))

    async def complete(self, call: Call) -> list[Completion]:
        return await self._run(lambda loaded: self._complete(loaded, call))

    async def read(self, call: Call) -> list[Completion]:
        """What the model says of a passage; see `ttc.core.Reader`."""
        return [await self._run(lambda loaded: self._read(loaded, call.prompt))]

    def _read(self, loaded: Loaded, passage: Prompt) -> Completion:
        assert isinstance(passage, Passage)
        began = time.perf_counter()
        context = _context(loaded.model)
        if isinstance(loaded, Scorer):
            found = loaded.lay_out(passage)
            self._check_length(len(found.ids), context)
            read = Completion("", "read", len(found.ids), 0, scores=loaded.scores(found))
        else:
            before, after = tokenize_passage(loaded.tokenizer, passage)
            length = len(before) + len(after)
            self._check_length(length, context)
            tokens = token_logprobs(loaded.model, loaded.tokenizer, before, after)
            read = Completion("", "read", length, 0, logprobs=tokens)
        return replace(read, seconds=time.perf_counter() - began)

    def _check_length(self, tokens: int, context: int, room: int = 0) -> None:
        """room: tokens that are to find a place besides."""
        if not 0 < tokens <= context - room:
            raise CallFailed(
                f"the prompt has {tokens} tokens, the context of {self._config.model} holds "
                f"{context}",
                "context_length",
            )

    def _complete(self, loaded: Loaded, call: Call) -> list[Completion]:
        if isinstance(loaded, Scorer):
            raise BackendError(f"{self._config.model} scores steps (reward) and draws no samples")
        began = time.perf_counter()
        ids = tokenize(loaded.tokenizer, call.prompt)
        context = _context(loaded.model)
        self._check_length(len(ids), context, room=1)
        room = min(call.params.max_tokens, context - len(ids))
        size = self._config.batch_size
        done: list[Completion] = []
        for start in range(0, len(call.seeds), size):
            done += _guarded(
                lambda seeds: loaded.sample(ids, seeds, room, call.params),
                call.seeds[start : start + size],
            )
        share = (time.perf_counter() - began) / max(1, len(done))
        return [replace(c, seconds=share) for c in done]

    async def hidden_states(
        self, texts: Sequence[str], layer: int = -1
    ) -> list[NDArray[np.float32]]:
        """Hidden states of whole texts after a layer: (tokens, width) each, for probes and heads.

        layer: 0 is the embedding, -1 the last layer.
        """

        def work(loaded: Loaded) -> list[NDArray[np.float32]]:
            return [_states(loaded, text, layer) for text in texts]

        return await self._run(work)

    def count_tokens(self, prompt: Prompt) -> int | None:
        if self._loaded is None:
            return None
        if not isinstance(prompt, Passage):
            return len(tokenize(self._loaded.tokenizer, prompt))
        if isinstance(self._loaded, Generator):
            return sum(map(len, tokenize_passage(self._loaded.tokenizer, prompt)))
        try:
            return len(self._loaded.lay_out(prompt).ids)
        except CallFailed:
            return None

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._loaded = None


def _guarded(
    sample: Callable[[Sequence[int]], list[Completion]], seeds: Sequence[int]
) -> list[Completion]:
    import torch

    try:
        return sample(seeds)
    except torch.OutOfMemoryError:
        pass
    raise BackendError(
        f"the GPU's memory does not hold {len(seeds)} samples at a time; lower batch_size"
    )


def _load(config: Transformers) -> Loaded:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = config.dtype if config.dtype == "auto" else getattr(torch, config.dtype)
    try:
        tokenizer = AutoTokenizer.from_pretrained(config.model, revision=config.revision)
        if config.reward is not None:
            scorer = load_scorer(config.model, config.revision, config.reward, dtype, tokenizer)
            scorer.model = scorer.model.to(device).eval()
            return scorer
        model = AutoModelForCausalLM.from_pretrained(
            config.model, revision=config.revision, dtype=dtype
        )
        model = model.to(device).eval()
        draft = _draft(config, tokenizer, dtype, device)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        text = shorten(str(error))
    else:
        ends = _ends(model, tokenizer)
        if config.speculation is None:
            return Generator(model, tokenizer, ends)
        return Assisted(model, tokenizer, ends, draft, config.speculation.tokens)
    raise BackendError(f"can't load {config.model}: {text}")


def _draft(config: Transformers, tokenizer: Any, dtype: Any, device: str) -> Any:
    """The model that drafts; None where none does."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    how = config.speculation
    if how is None:
        return None
    theirs = AutoTokenizer.from_pretrained(how.draft, revision=how.revision)
    if theirs.get_vocab() != tokenizer.get_vocab():
        raise BackendError(
            f"speculation.draft: {how.draft} can't draft for {config.model}: its tokens are others"
        )
    model = AutoModelForCausalLM.from_pretrained(how.draft, revision=how.revision, dtype=dtype)
    return model.to(device).eval()


def _ends(model: Any, tokenizer: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    many = ends if isinstance(ends, list) else [ends]
    return {e for e in (*many, tokenizer.eos_token_id) if e is not None}


def _context(model: Any) -> int:
    return int(getattr(model.config, "max_position_embeddings", None) or 2**31)


def _states(loaded: Loaded, text: str, layer: int) -> NDArray[np.float32]:
    import torch

    ids = torch.tensor([loaded.tokenizer(text)["input_ids"]], device=loaded.model.device)
    with torch.inference_mode():
        out = loaded.model(input_ids=ids, output_hidden_states=True)
    states: NDArray[np.float32] = out.hidden_states[layer][0].float().cpu().numpy()
    return states


def _identity(config: Transformers, loaded: Loaded) -> ModelIdentity:
    facts = _facts(loaded.model)
    variant = f"reward: {loaded.form}" if isinstance(loaded, Scorer) else ""
    if isinstance(loaded, Assisted) and (how := config.speculation) is not None:
        named, revision = _named(how.draft, loaded.draft)
        facts["speculation"] = {
            "draft": named,
            "tokens": how.tokens,
            "reads": how.tokens,
            "facts": _facts(loaded.draft),
        }
        variant = f"drafts of {named} {revision}, {how.tokens}"
    named, revision = _named(config.model, loaded.model)
    return ModelIdentity(
        backend="transformers", model=named, revision=revision, facts=facts, variant=variant
    )


def _named(given: str, model: Any) -> tuple[str, str]:
    """Of a folder its name and the digest of its weights, of a hub id that and its commit."""
    folder = Path(given)
    if folder.is_dir():
        return folder.name, digest(folder)
    return given, str(model.config._commit_hash or "")


def _facts(model: Any) -> dict[str, Any]:
    shape = model.config
    facts = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "context_length": _context(model),
        "layers": getattr(shape, "num_hidden_layers", None),
        "width": getattr(shape, "hidden_size", None),
        "heads": getattr(shape, "num_attention_heads", None),
        "kv_heads": getattr(shape, "num_key_value_heads", None),
        "head_dim": getattr(shape, "head_dim", None),
        "mlp_width": getattr(shape, "intermediate_size", None),
        "vocab": getattr(shape, "vocab_size", None),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": str(model.device),
    }
    return {k: v for k, v in facts.items() if v is not None}
