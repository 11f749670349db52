"""Prompt templates as YAML files: chat `messages` or a raw `text`, and an optional `prefill`.

`{{ question }}` and the like are replaced by plain text, once: a problem or a solution that
contains braces can't inject anything, and nothing is ever evaluated.
"""

from __future__ import annotations

import re
import string
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ttc.core import Message, Problem, Prompt
from ttc.errors import UsageError
from ttc.yamltext import read_source

SHIPPED = Path(__file__).parent


class _Turn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant"]
    content: str


class PromptTemplate(BaseModel):
    """A parsed template file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    description: str = ""
    messages: tuple[_Turn, ...] = ()
    text: str | None = None
    prefill: str = ""
    stop: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> PromptTemplate:
        if bool(self.messages) == (self.text is not None):
            raise ValueError("give either 'messages' (chat) or 'text' (raw completion)")
        return self

    @property
    def is_chat(self) -> bool:
        return bool(self.messages)

    @property
    def variables(self) -> set[str]:
        """The names that have a place in the template."""
        texts = [*(turn.content for turn in self.messages), self.text or "", self.prefill]
        return {name for text in texts for name in _VARIABLE.findall(text)}

    def shows(self, variable: str) -> bool:
        """Whether a variable has a place in the template."""
        return variable in self.variables

    def render(self, **variables: str) -> Prompt:
        """Fill in the variables. Raises `UsageError` for a name the caller does not offer."""
        return Prompt(
            messages=tuple(Message(t.role, _fill(t.content, variables)) for t in self.messages),
            text=None if self.text is None else _fill(self.text, variables),
            prefill=_fill(self.prefill, variables),
        )


_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


def _fill(template: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            offered = ", ".join(sorted(variables))
            raise UsageError(f"prompt variable {match[1]!r} is unknown here; offered: {offered}")
        return variables[match[1]]

    return _VARIABLE.sub(value, template)


def shipped() -> list[str]:
    """Names of the templates that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_prompt(name: str) -> PromptTemplate:
    """A shipped template by name, or a template file by path.

    Raises `UsageError` that names the file and what is wrong with it.
    """
    path = SHIPPED / f"{name}.yaml" if name in shipped() else Path(name)
    try:
        return _read(path.resolve(strict=True), path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError, OSError):  # a name too long, or with a NUL
        raise UsageError(
            f"no prompt template {name[:80]!r}: neither a file nor one of {', '.join(shipped())}"
        ) from None


@cache
def _read(path: Path, changed: int) -> PromptTemplate:
    """Parse a file once, and again when it has changed."""
    source = read_source(path, str(path), "prompt template")
    if source.faults:
        fault = source.faults[0]
        line = fault.line or source.line(fault.path)
        raise UsageError(f"{path}:{line}: not a prompt template: {fault.text}")
    try:
        return PromptTemplate.model_validate(source.data)
    except ValidationError as error:
        raise UsageError(f"{path}: not a prompt template: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, in a line."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def render_problem(template: PromptTemplate, problem: Problem, **variables: str) -> Prompt:
    """Render with `question` and lettered `choices` of a problem, and further variables.

    A template without a place for the choices gets them with the question: a choice question
    without its options is another question.
    """
    choices = "\n".join(
        f"({letter}) {text}"
        for letter, text in zip(string.ascii_uppercase, problem.choices, strict=False)
    )
    question = problem.question
    if choices and not template.shows("choices"):
        question = f"{question}\n\n{choices}"
    return template.render(question=question, choices=choices, **variables)
