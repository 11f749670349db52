"""Prompt templates as YAML files: chat `messages` or a raw `text`, and an optional `prefill`.

`{{ question }}` and the like are replaced by plain text, once: a problem or a solution that
contains braces can't inject anything, and nothing is ever evaluated.
"""

from __future__ import annotations

import json
import re
import string
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ttc.core import Message, Problem, Prompt
from ttc.errors import UsageError
from ttc.thinking import after_thinking
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

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The variables that have a place in the template, each once."""
        texts = [*(turn.content for turn in self.messages), self.text or "", self.prefill]
        found = (match.strip() for text in texts for match in _VARIABLE.findall(text))
        return tuple(dict.fromkeys(found))

    @property
    def metadata(self) -> tuple[str, ...]:
        """Names of the problem's metadata among them, as in {{ metadata.level }}."""
        return tuple(v.removeprefix(METADATA) for v in self.variables if v.startswith(METADATA))

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


METADATA = "metadata."
# Names of metadata are those of columns, which may have spaces and capitals.
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+\s*|metadata\.[^{}\n]+)\}\}")


def _fill(template: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name not in variables:
            offered = ", ".join(sorted(variables))
            raise UsageError(f"prompt variable {name!r} is unknown here; offered: {offered}")
        return variables[name]

    return _VARIABLE.sub(value, template)


@cache  # samplers load a template for each step
def shipped() -> tuple[str, ...]:
    """Names of the templates that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


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
    """Render with `question`, lettered `choices` and `metadata.NAME` of a problem, and further
    variables; where `solution` is among them, `answer_part` is it without its thinking.

    A template without a place for the choices gets them with the question: a choice question
    without its options is another question. Raises `UsageError` for what is not offered.
    """
    choices = "\n".join(
        f"({letter}) {text}"
        for letter, text in zip(string.ascii_uppercase, problem.choices, strict=False)
    )
    question = problem.question
    if choices and not template.shows("choices"):
        question = f"{question}\n\n{choices}"
    given = _of_metadata(template, problem)
    if template.shows("answer_part") and "solution" in variables:
        given["answer_part"] = answer_part(variables["solution"])
    return template.render(question=question, choices=choices, **variables, **given)


def answer_part(text: str) -> str:
    """What a solution says after its thinking; nothing where it was cut off in its thoughts."""
    return (after_thinking(text) or "").strip()


def _of_metadata(template: PromptTemplate, problem: Problem) -> dict[str, str]:
    if lacking := [name for name in template.metadata if name not in problem.metadata]:
        there = ", ".join(sorted(problem.metadata)) or "none"
        raise UsageError(
            f"the problem {problem.id[:80]!r} has no metadata {lacking[0]!r}; it has: {there}"
        )
    return {f"{METADATA}{name}": _text_of(problem.metadata[name]) for name in template.metadata}


def _text_of(value: Any) -> str:
    """Plain data as a text: a text as it is, nothing as an empty one, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
