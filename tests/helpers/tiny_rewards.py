"""Very small process reward models in the published formats, made here: nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiny_model import save_tokenizer

SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.5,
    "tie_word_embeddings": False,
}


def save_math_shepherd(path: Path) -> Any:
    """A causal language model with a tag token, without a chat template."""
    tokenizer = save_tokenizer(path)
    tokenizer.add_tokens(["ки"])
    tokenizer.chat_template = None
    (path / "chat_template.jinja").unlink()
    return _save(path, tokenizer, "Mistral")


def save_rlhflow(path: Path) -> Any:
    """A causal language model that chats."""
    return _save(path, save_tokenizer(path), "Llama")


def save_skywork(path: Path) -> Any:
    """A causal language model whose weights have a value head besides."""
    import torch

    tokenizer = save_tokenizer(path)
    tokenizer.add_special_tokens({"bos_token": "<s>"})
    head = {"v_head.summary.weight": torch.randn(1, 32), "v_head.summary.bias": torch.tensor([0.3])}
    return _save(path, tokenizer, "Qwen2", head, "Qwen2ForPrmModel")


def save_qwen(path: Path) -> Any:
    """A network with a head of two layers and two labels in place of words."""
    import torch

    tokenizer = save_tokenizer(path)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<extra_0>"]})
    head = {
        "score.0.weight": torch.randn(32, 32) / 4,
        "score.0.bias": torch.randn(32),
        "score.2.weight": torch.randn(2, 32) / 4,
        "score.2.bias": torch.randn(2),
    }
    return _save(path, tokenizer, "Qwen2", head, "Qwen2ForProcessRewardModel")


def _save(path: Path, tokenizer: Any, kind: str, head: Any = None, named: str = "") -> Any:
    """The model as it was saved, and its head's weights as `model.head`.

    named: the class that the checkpoint's own code would have, which is not there.
    """
    import torch
    import transformers
    from safetensors.torch import save_file

    tokenizer.save_pretrained(path)
    torch.manual_seed(1)
    shape = getattr(transformers, f"{kind}Config")(vocab_size=len(tokenizer), **SHAPE)
    model = getattr(transformers, f"{kind}ForCausalLM")(shape).eval()
    model.head = head or {}
    shape.save_pretrained(path)
    weights = {k: v.contiguous() for k, v in model.state_dict().items()}
    if named:
        config = json.loads((path / "config.json").read_text())
        config |= {"architectures": [named], "auto_map": {"AutoModel": f"modeling.{named}"}}
        (path / "config.json").write_text(json.dumps(config))
        if named == "Qwen2ForProcessRewardModel":
            del weights["lm_head.weight"]
    save_file({**weights, **model.head}, path / "model.safetensors", metadata={"format": "pt"})
    return model
