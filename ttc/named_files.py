"""Fields that name files, whatever part they stand in: recipes find these beside themselves.

Prompt templates are the fields `prompt` and `..._prompt` of samplers and verifiers, and of methods
inside them; files are a dataset's `path`, every `tuned`, and what is marked:

    router: Annotated[Router | None, NamesFile(required=False), BeforeValidator(read_router)]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class NamesFile:
    """Mark of a field whose text names a file. folder: or a folder; required: whether it must be
    there, as far as a recipe can tell.
    """

    folder: bool = False
    required: bool = True


_BY_NAME = {"dataset": {"path"}}
_ANYWHERE = {"tuned"}


def is_prompt_key(key: str) -> bool:
    """Whether a method's field names a prompt template."""
    return key == "prompt" or key.endswith("_prompt")


def file_named_by(owner: type[BaseModel], key: str, info: FieldInfo) -> NamesFile | None:
    """How a field of a class names a file; None where it names none."""
    for note in (*info.metadata, *_notes(info.annotation)):
        if isinstance(note, NamesFile):
            return note
    known = _ANYWHERE | _BY_NAME.get(str(getattr(owner, "kind", "")), set())
    return NamesFile() if key in known else None


def _notes(hint: Any) -> Iterator[Any]:
    """What annotations say of a hint and of its alternatives."""
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        yield from notes
    for option in get_args(hint):
        yield from _notes(option)
