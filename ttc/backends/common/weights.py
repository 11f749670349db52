"""What backends with the weights at hand share: tokenizing prompts and naming weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ttc.core import Passage, Prompt
from ttc.errors import BackendError

_WHOLE, _END = 256 * 2**20, 2**20
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf", "*.json", "*.model", "*.txt")


def tokenize(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Token ids of a prompt; chats by the tokenizer's own template. Raises `BackendError`."""
    if prompt.text is not None:
        return list(tokenizer(prompt.text + prompt.prefill)["input_ids"])
    if tokenizer.chat_template is None:
        raise BackendError("the model has no chat template; use a raw prompt template")
    turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
    if prompt.prefill:
        turns.append({"role": "assistant", "content": prompt.prefill})
        how = {"continue_final_message": True}
    else:
        how = {"add_generation_prompt": True}
    text = tokenizer.apply_chat_template(turns, tokenize=False, **how)
    # The template writes the special tokens itself.
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def tokenize_passage(tokenizer: Any, passage: Passage) -> tuple[list[int], list[int]]:
    """Token ids of what stands before the steps, and of the steps, each tokenized by itself."""
    before = tokenize(tokenizer, Prompt(passage.messages, passage.text, passage.prefill))
    steps = [tokenizer(step, add_special_tokens=False)["input_ids"] for step in passage.steps]
    return before, [token for step in steps for token in step]


def digest(path: Path) -> str:
    """SHA-256 over a model's file or folder; of files beyond 256 MiB their size and both ends."""
    total = hashlib.sha256()
    found = {p for pattern in _WEIGHTS for p in path.glob(pattern)} if path.is_dir() else {path}
    for each in sorted(found):
        size = each.stat().st_size
        total.update(f"{each.name} {size}\n".encode())
        with each.open("rb") as file:
            if size <= _WHOLE:
                total.update(hashlib.file_digest(file, "sha256").digest())
            else:
                total.update(file.read(_END))
                file.seek(-_END, 2)
                total.update(file.read(_END))
    return total.hexdigest()
