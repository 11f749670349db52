"""Prompts and samples by llama.cpp: its own sampler draws, and token logprobs are read on the way.

llama-cpp-python's `create_completion` could do it, but gives logprobs only while it keeps all
logits of a context (gigabytes), sorts the whole vocabulary in Python for each token, and may write
some tokens beyond max_tokens where one ends amid a character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttc.backends.common.tokens import keep, mean_logprob
from ttc.core import Completion, Prompt, SamplingParams, TokenLogprob
from ttc.errors import BackendError

_SEED_BITS = 0x7FFFFFFF


@dataclass(slots=True)
class _Sample:
    """One sample under way. `text` may end amid a character."""

    tokens: list[int] = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    reason: str = "length"
    stopped_by: str = ""


class LlamaModel:
    """A loaded `llama_cpp.Llama`. Only `tokenize` may be called beside another call."""

    def __init__(self, llm: Any) -> None:
        import llama_cpp

        self.llm = llm
        self._lib = llama_cpp
        self._vocab = llama_cpp.llama_model_get_vocab(llm.model)
        self._bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))
        self._chat = self._formatter()
        self._read: list[int] = []

    def _formatter(self) -> Any:
        template = self.llm.metadata.get("tokenizer.chat_template")
        if template is None:
            return None
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        eos, bos = self._name(self.llm.token_eos()), self._name(self.llm.token_bos())
        return Jinja2ChatFormatter(template=template, eos_token=eos, bos_token=bos)

    def _name(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._lib.llama_vocab_get_text(self._vocab, token).decode())

    def tokenize(self, prompt: Prompt) -> list[int]:
        """Token ids of a prompt; chats by the model's own template. Raises `BackendError`."""
        if prompt.text is not None:
            written, bos = prompt.text, self._bos
        else:
            # The template writes the special tokens itself.
            written, bos = self._template(prompt), False
        whole = (written + prompt.prefill).encode("utf-8", "replace")
        return list(self.llm.tokenize(whole, add_bos=bos, special=True))

    def _template(self, prompt: Prompt) -> str:
        if self._chat is None:
            raise BackendError("the model has no chat template; use a raw prompt template")
        turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
        return str(self._chat(messages=turns).prompt)

    def sample(
        self, prompt: Sequence[int], seed: int, room: int, params: SamplingParams
    ) -> Completion:
        """One sample of at most `room` tokens; the end token counts as one."""
        self._prepare(list(prompt))
        self.llm.set_seed(seed & _SEED_BITS)
        sample = _Sample()
        for token in self._tokens(prompt, params):
            self._take(sample, token, params.logprobs)
            if self._lib.llama_vocab_is_eog(self._vocab, token) or _cut(sample, params.stop):
                sample.reason = "stop"
                break
            if len(sample.tokens) >= room:
                break
        return Completion(
            text=sample.text.decode("utf-8", "replace"),
            finish_reason=sample.reason,
            prompt_tokens=len(prompt),
            completion_tokens=len(sample.tokens),
            mean_logprob=mean_logprob(sample.logprobs),
            logprobs=keep(sample.logprobs, params.keep_logprobs),
            stopped_by=sample.stopped_by,
        )

    def _prepare(self, prompt: list[int]) -> None:
        """Read all but a prompt's last token, which `generate` reads anew for each sample.

        Quantised arithmetic gives other logits when tokens are read in other batches, so that what
        happens to be cached would change samples. Here each prompt is always read the same way.
        """
        if prompt != self._read:
            self._read = []
            self.llm.reset()
            self.llm.eval(prompt[:-1])
            self._read = prompt

    def _tokens(self, prompt: Sequence[int], params: SamplingParams) -> Any:
        return self.llm.generate(
            list(prompt),
            temp=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k or 0,
            # The library's own defaults would truncate and penalise.
            min_p=0.0,
            repeat_penalty=1.0,
        )

    def _take(self, sample: _Sample, token: int, top: int | None) -> None:
        """Note a token while the logits that it was drawn from are still there."""
        if top is not None:
            sample.logprobs.append(self._logprob(token, top))
        sample.tokens.append(token)
        sample.text += self._piece(token)

    def _piece(self, token: int, special: bool = False) -> bytes:
        return bytes(self.llm.detokenize([token], special=special))

    def _logprob(self, token: int, top: int) -> TokenLogprob:
        log_p = self._log_p()
        best = np.argpartition(log_p, -top)[-top:] if top else np.empty(0, np.int64)
        alternatives: dict[str, float] = {}
        for other in sorted(best.tolist(), key=lambda i: -log_p[i]):
            # Parts of one character may print alike; the likeliest comes first and stays.
            alternatives.setdefault(self._print(other), float(log_p[other]))
        return TokenLogprob(self._print(token), float(log_p[token]), alternatives)

    def _print(self, token: int) -> str:
        return self._piece(token, special=True).decode("utf-8", "replace")

    def _log_p(self) -> NDArray[np.float64]:
        """Log probabilities (vocabulary,) at temperature 1 after the last token that was read."""
        found = self._lib.llama_get_logits_ith(self.llm.ctx, -1)
        logits = np.ctypeslib.as_array(found, shape=(self.llm.n_vocab(),)).astype(np.float64)
        logits -= logits.max()
        shifted: NDArray[np.float64] = logits - np.log(np.exp(logits).sum())
        return shifted


def _cut(sample: _Sample, stops: Sequence[str]) -> bool:
    """Whether a stop text has come; the text then ends before the first."""
    named = ((sample.text.find(stop.encode("utf-8", "replace")), stop) for stop in stops)
    there = (one for one in named if one[0] >= 0)
    at, stop = min(there, key=lambda one: one[0], default=(-1, ""))
    if at >= 0:
        del sample.text[at:]
        sample.stopped_by = stop
    return at >= 0
