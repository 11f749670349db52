"""Very small models for transformers, made here: nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from ttc.backends.transformers import Transformers
from ttc.core import Backend

T = TypeVar("T")

TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if not loop.last or "
    "add_generation_prompt %}{{ '\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
_WORDS = ("Yes", "No")
_RATE = 1e-2


def save_tokenizer(path: Path) -> Any:
    """One token a byte, and one each for Yes and No."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(w[:i], w[i]) for w in _WORDS for i in range(1, len(w))]
    tokens = ["</s>", *letters, *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(path)
    return fast


def make_model(vocabulary: int, context: int = 128, spread: float = 0.5) -> Any:
    """A two-layer Llama with random weights, the same each time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        initializer_range=spread,
        eos_token_id=0,
        bos_token_id=None,
    )
    return LlamaForCausalLM(shape)


def save_random(path: Path) -> None:
    """Weights that were never trained."""
    tokenizer = save_tokenizer(path)
    make_model(len(tokenizer)).save_pretrained(path)


def save_taught(path: Path, lesson: Callable[[int], list[tuple[str, str]]], steps: int) -> None:
    """A model that was taught to go on from prompts; `lesson(i)` is what step i shows it."""
    import torch

    tokenizer = save_tokenizer(path)
    model = make_model(len(tokenizer), context=1024, spread=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small that threads would only wait for each other
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * (1 - step / steps)
        pages = [_page(tokenizer, *pair) for pair in lesson(step)]
        longest = max(len(ids) for ids, _ in pages)
        # The end token fills up; nothing is learnt there, and what stands before never sees it.
        ids = torch.tensor([row + [0] * (longest - len(row)) for row, _ in pages])
        labels = torch.tensor([row + [-100] * (longest - len(row)) for _, row in pages])
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    torch.set_num_threads(threads)
    model.save_pretrained(path)


def _page(tokenizer: Any, prompt: str, text: str) -> tuple[list[int], list[int]]:
    """Token ids, and labels that cover the text and the end of it alone."""
    before, after = tokenizer(prompt)["input_ids"], [*tokenizer(text)["input_ids"], 0]
    return before + after, [-100] * len(before) + after


def using(folder: str, work: Callable[[Backend], Awaitable[T]], **config: Any) -> T:
    """What some work with the transformers backend of a folder's model returns, on the CPU."""

    async def go(backend: Backend) -> T:
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(go(Transformers(model=folder, device="cpu", **config).open()))
