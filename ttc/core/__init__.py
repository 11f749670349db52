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
    Place,
    Prompt,
    RemoteBackend,
    Role,
    SamplingParams,
    TokenLogprob,
    fitted,
)
from ttc.core.nouns import Problem, Solution, Verification
from ttc.core.programs import Executed, Limits, Program
from ttc.core.trace import AnswerTrace, Fate, SampleTrace, Spent

__all__ = [
    "AnswerTrace",
    "Ask",
    "Attempt",
    "Backend",
    "Call",
    "Capabilities",
    "Completion",
    "Executed",
    "Fate",
    "Limits",
    "Message",
    "Model",
    "ModelIdentity",
    "Place",
    "Problem",
    "Program",
    "Prompt",
    "RemoteBackend",
    "Role",
    "Sample",
    "SampleTrace",
    "SamplingParams",
    "Solution",
    "Spent",
    "TokenLogprob",
    "Verification",
    "fitted",
]
