"""Which nano models there are, and their weight files, checked against recorded hashes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.nano.errors import BadWeights, UnknownModel

if TYPE_CHECKING:
    from ttc.nano.config import NetConfig

WEIGHTS = Path(__file__).parent / "weights"
INDEX = "index.json"


@dataclass(frozen=True)
class ModelInfo:
    """Facts of one model, as cost models and people need them.

    c_ref: for a network that scores itself by a reserved token (LaSeR), what stands for the
    reference model's log-probability of it.
    """

    name: str
    description: str
    sha256: str
    parameters: int
    context_length: int
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp_width: int
    vocab: int
    c_ref: float | None = None
    folder: Path = WEIGHTS

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.safetensors"

    @classmethod
    def read(cls, folder: Path, name: str) -> ModelInfo:
        """The entry of a model in the index of a folder of weights."""
        return read_index(folder)[name]


def read_index(folder: Path) -> dict[str, ModelInfo]:
    """All models of a folder of weights by name. Raises `BadWeights`."""
    index = folder / INDEX
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadWeights(f"{index} is missing or damaged ({error}); reinstall ttc") from None
    return {name: ModelInfo(name=name, folder=folder, **facts) for name, facts in entries.items()}


@cache
def models() -> dict[str, ModelInfo]:
    """All models that come with the package by name."""
    return read_index(WEIGHTS)


def info(name: str) -> ModelInfo:
    """The facts of a model. Raises `UnknownModel`."""
    if name not in models():
        raise UnknownModel(name, models())
    return models()[name]


def read_weights(model: ModelInfo) -> tuple[NetConfig, dict[str, Any]]:
    """Configuration and arrays of a weight file. Raises `BadWeights` where its hash differs."""
    from safetensors import SafetensorError, safe_open

    from ttc.nano.config import NetConfig

    try:
        content = model.path.read_bytes()
    except OSError as error:
        raise BadWeights(f"can't read {model.path}: {error.strerror}; reinstall ttc") from None
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise BadWeights(f"{model.path} is not the file that came with ttc; reinstall ttc")
    try:
        with safe_open(model.path, "numpy") as file:
            config = NetConfig.loads(file.metadata()["config"])
            return config, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError) as error:
        raise BadWeights(f"{model.path} is no nano weight file: {error}") from None


def write_weights(
    folder: Path,
    name: str,
    description: str,
    config: NetConfig,
    arrays: dict[str, Any],
    **more: float,
) -> None:
    """Write a weight file and its entry, with more facts, in the index of the same folder."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save_file(arrays, path, metadata={"config": config.dumps()})
    path.chmod(0o644)
    index = folder / INDEX
    entries = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    entries[name] = {
        "description": description,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": config.parameters,
        "context_length": config.context,
        "layers": config.layers,
        "width": config.width,
        "heads": config.heads,
        "kv_heads": 1,
        "head_dim": config.head_dim,
        "mlp_width": config.hidden,
        "vocab": config.vocab,
        **more,
    }
    index.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
