"""Process reward checkpoints of the published formats: their heads, and the scores of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ttc.backends.common.rewards import Chat, Layout, RewardFormat, Text, layout, pieces
from ttc.core import Passage
from ttc.errors import BackendError

_INDICES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_WHOLE = ("model.safetensors", "pytorch_model.bin")
_LABELS = ("score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias")
_VALUE = ("v_head.summary.weight", "v_head.summary.bias")
Head = Callable[[Any], Any]


class Scorer:
    """A loaded reward model with its tokenizer. head: None where its own logits are read."""

    def __init__(self, model: Any, tokenizer: Any, form: RewardFormat, head: Head | None) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.form = form
        self._head = head

    def lay_out(self, passage: Passage) -> Layout:
        """Raises `CallFailed` where the places of the scores can't be told."""
        ids = [self._ids(piece) for piece in pieces(self.form, passage)]
        return layout(self.form, passage, ids)

    def scores(self, read: Layout) -> tuple[float, ...]:
        """The probability of each step that it is right."""
        import torch

        ids = torch.tensor([read.ids], device=self.model.device)
        with torch.inference_mode():
            out = self.model(input_ids=ids, use_cache=False)
            if self._head is not None:
                found = self._head(out.last_hidden_state[0, list(read.places)])
            else:
                logits = out.logits[0, list(read.places)][:, list(read.words or ())].float()
                found = logits.softmax(dim=-1)[:, 0]
        return tuple(found.tolist())

    def _ids(self, piece: Text | Chat) -> list[int]:
        tokenizer = self.tokenizer
        if isinstance(piece, Text):
            if piece.begins and self.form == "skywork":  # whose tokenizer does not add it by itself
                return _encoded(tokenizer, f"{tokenizer.bos_token or ''}{piece.text}")
            return list(tokenizer(piece.text, add_special_tokens=piece.begins)["input_ids"])
        if tokenizer.chat_template is None:
            raise BackendError(f"the reward format {self.form} needs a model with a chat template")
        turns = [{"role": m.role, "content": m.content} for m in piece.messages]
        text = tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=piece.answer
        )
        return _encoded(tokenizer, text)


def _encoded(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def load_scorer(
    name: str, revision: str | None, wanted: RewardFormat | str, dtype: Any, tokenizer: Any
) -> Scorer:
    """The reward model of a folder or hub id. wanted: its format, or auto.

    No code that comes with a checkpoint is run: networks of a usual architecture are loaded as
    such, and heads of their weights are put behind them. Raises `BackendError`.
    """
    from transformers import AutoModel, AutoModelForCausalLM

    files = _files_of(name, revision)
    form = _told(name, files, tokenizer) if wanted == "auto" else wanted
    given = {"revision": revision, "dtype": dtype}
    if form in ("math-shepherd", "rlhflow"):
        model = AutoModelForCausalLM.from_pretrained(name, **given)
        return Scorer(model, tokenizer, form, None)  # type: ignore[arg-type]
    names = _LABELS if form == "qwen" else _VALUE
    missing = [one for one in names if one not in files]
    if missing:
        raise BackendError(f"{name} is no {form} reward model: its weights have no {missing[0]}")
    weights = {one: _read(files[one], one) for one in names}
    model = AutoModel.from_pretrained(name, **given)
    head = _two_labels(weights) if form == "qwen" else _value(weights)
    return Scorer(model, tokenizer, form, head)  # type: ignore[arg-type]


def _told(name: str, files: Mapping[str, Any], tokenizer: Any) -> RewardFormat:
    """The format by the weights' names. Of two that have no head, one needs a chat template."""
    if _LABELS[0] in files:
        return "qwen"
    if _VALUE[0] in files:
        return "skywork"
    if tokenizer.chat_template is None:
        return "math-shepherd"
    raise BackendError(
        f"{name} has no head that tells its format; set reward: rlhflow, or reward: math-shepherd"
    )


def _two_labels(weights: Mapping[str, Any]) -> Head:
    """Linear, ReLU, linear; the probability of the second label."""
    import torch

    def head(states: Any) -> Any:
        first, bias, second, offset = (weights[one].to(states) for one in _LABELS)
        hidden = torch.relu(states @ first.T + bias)
        return (hidden @ second.T + offset).float().softmax(dim=-1)[:, 1]

    return head


def _value(weights: Mapping[str, Any]) -> Head:
    """Linear, in single precision, and sigmoid."""

    def head(states: Any) -> Any:
        weight, bias = (weights[one].to(states.device).float() for one in _VALUE)
        return (states.float() @ weight.T + bias)[:, 0].sigmoid()

    return head


def _files_of(name: str, revision: str | None) -> dict[str, Path]:
    """In which file each weight is."""
    import json

    for index in _INDICES:
        path = _file(name, revision, index)
        if path is not None:
            places: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
            paths = {file: _file(name, revision, file) for file in set(places.values())}
            return {key: found for key, file in places.items() if (found := paths[file])}
    for whole in _WHOLE:
        path = _file(name, revision, whole)
        if path is not None:
            return dict.fromkeys(_names(path), path)
    return {}


def _file(name: str, revision: str | None, file: str) -> Path | None:
    from transformers.utils import cached_file

    try:
        found = cached_file(name, file, revision=revision)
    except OSError:  # there is no such file
        return None
    return None if found is None else Path(found)


def _names(path: Path) -> Sequence[str]:
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            return list(file.keys())
    return list(_unpickled(path))


def _read(path: Path, name: str) -> Any:
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            return file.get_tensor(name)
    return _unpickled(path)[name]


def _unpickled(path: Path) -> Mapping[str, Any]:
    import torch

    found: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return found
