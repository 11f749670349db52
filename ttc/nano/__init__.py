"""The embedded model organism: very small transformers that really solve, err and verify.

Inference is plain numpy; `ttc.nano.training` rebuilds the weights with PyTorch.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ttc.nano.catalogue import ModelInfo, info, models
from ttc.nano.errors import BadWeights, ContextOverflow, NoRewardHead, UnknownModel

if TYPE_CHECKING:
    from ttc.nano.engine import Engine, NanoModel
    from ttc.nano.reading import Text, step_scores, token_logprobs
    from ttc.nano.sampling import Sample, SampleJob
    from ttc.nano.speculation.model import Speculative

__all__ = [
    "BadWeights",
    "ContextOverflow",
    "Engine",
    "ModelInfo",
    "NanoModel",
    "NoRewardHead",
    "Sample",
    "SampleJob",
    "Speculative",
    "Text",
    "UnknownModel",
    "info",
    "load",
    "models",
    "step_scores",
    "token_logprobs",
]


@cache
def load(name: str) -> NanoModel:
    """A model by name, loaded once. Raises `UnknownModel`, `BadWeights`."""
    from ttc.nano.engine import NanoModel

    return NanoModel(info(name))


def __getattr__(name: str) -> Any:
    # numpy and the sampler are imported when a model is used, not when a recipe names one.
    if name in ("Engine", "NanoModel"):
        from ttc.nano import engine

        return getattr(engine, name)
    if name in ("Sample", "SampleJob"):
        from ttc.nano import sampling

        return getattr(sampling, name)
    if name == "Speculative":
        from ttc.nano.speculation.model import Speculative

        return Speculative
    if name in ("Text", "step_scores", "token_logprobs"):
        from ttc.nano import reading

        return getattr(reading, name)
    if name == "MODELS":
        return models()
    raise AttributeError(name)
