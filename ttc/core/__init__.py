"""The nouns of the toolkit as frozen dataclasses. No input or output; imports nothing of ttc."""

from ttc.core.attempt import Ask, Attempt, Sample
from ttc.core.model import (
    Backend,
    Call,
    Capabilities,
    Completion,
    Message,
    Model,
    ModelIdentity,
    Prompt,
    Purpose,
    RemoteBackend,
    SamplingParams,
    TokenLogprob,
    fitted,
)
from ttc.core.nouns import Problem, Solution, Verification
from ttc.core.programs import Executed, Limits, Program

__all__ = [
    "Ask",
    "Attempt",
    "Backend",
    "Call",
    "Capabilities",
    "Completion",
    "Executed",
    "Limits",
    "Message",
    "Model",
    "ModelIdentity",
    "Problem",
    "Program",
    "Prompt",
    "Purpose",
    "RemoteBackend",
    "Sample",
    "SamplingParams",
    "Solution",
    "TokenLogprob",
    "Verification",
    "fitted",
]
