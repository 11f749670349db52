"""Parts inside parts: a field that takes any registered part of a kind, chosen by its `type`.

    class GenRM(VerifierPart):
        backend: BackendRef | None = None

The class behind a name is looked up when a value is validated, not when the field is declared, so
plug-ins count, a part may hold parts of its own kind, and importing this module loads no part.
A bare string stands for `{type: string}`, also as a default, with `validate_default=True`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from ttc.registry import Kind, Part, broken_plugins, parts
from ttc.words import nearest

if TYPE_CHECKING:
    from ttc.backends import BackendPart
    from ttc.datasets import DatasetPart
    from ttc.policies import PolicyPart
    from ttc.samplers import SamplerPart
    from ttc.verifiers import VerifierPart
else:  # the bases load numpy and more; validation looks the real class up in the registry anyway
    BackendPart = DatasetPart = SamplerPart = VerifierPart = PolicyPart = Part


@dataclass(frozen=True)
class PartRef:
    """Annotation of a field that holds a part of this kind."""

    kind: Kind

    def find(self, value: Any) -> type[Part] | None:
        """The class that a raw value names, None where it names none."""
        if isinstance(value, Part):
            return type(value)
        name = value.get("type") if isinstance(value, Mapping) else value
        return parts(self.kind).get(name) if isinstance(name, str) else None

    def validate(self, value: Any) -> Part:
        """Build the part. Errors carry the place inside the value."""
        if isinstance(value, Part) and value.kind == self.kind:
            return value
        cls = self.find(value)
        if cls is None:
            raise self._error(value)
        return cls.model_validate({"type": value} if isinstance(value, str) else value)

    def _error(self, value: Any) -> Exception:
        if isinstance(value, str):
            return PydanticCustomError("part", "{text}", {"text": self._unknown(value)})
        if not isinstance(value, Mapping):
            wish = f"the name of a {self.kind} or a mapping with a 'type'"
            return PydanticCustomError("wish", "{wish}", {"wish": wish})
        if "type" not in value:
            text = f"missing: which {self.kind}? One of {', '.join(parts(self.kind))}"
        elif isinstance(value["type"], str):
            text = self._unknown(value["type"])
        else:
            text = f"must be the name of a {self.kind}"
        return ValidationError.from_exception_data(
            self.kind,
            [
                InitErrorDetails(
                    type=PydanticCustomError("part", "{text}", {"text": text}),
                    loc=("type",),
                    input=value.get("type"),
                )
            ],
        )

    def _unknown(self, name: str) -> str:
        broken = "".join(f"; {line}" for line in broken_plugins())
        return f"no {self.kind} is called {name[:60]!r}{nearest(name, parts(self.kind))}{broken}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                _dump, info_arg=True, return_schema=core_schema.any_schema()
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # A marker, not the alternatives: parts may hold parts of their own kind without end.
        # `ttc.recipe.recipe_schema` puts a reference to the kind's definition in its place.
        return {"x-ttc-part": self.kind}


def _dump(part: Part, info: core_schema.SerializationInfo) -> dict[str, Any]:
    fields = part.model_dump(
        mode=info.mode,
        by_alias=info.by_alias,
        exclude_unset=info.exclude_unset,
        exclude_defaults=info.exclude_defaults,
        exclude_none=info.exclude_none,
    )
    # Always told, even where it is a default: without it nobody knows what the rest means.
    return {"type": type(part).model_fields["type"].default, **fields}


def _of_one(critic: VerifierPart) -> VerifierPart:
    if critic.compares:
        raise ValueError("a verifier that compares solutions says nothing of one by itself")
    return critic


BackendRef = Annotated[BackendPart, PartRef("backend")]
DatasetRef = Annotated[DatasetPart, PartRef("dataset")]
SamplerRef = Annotated[SamplerPart, PartRef("sampler")]
VerifierRef = Annotated[VerifierPart, PartRef("verifier")]
CriticRef = Annotated[VerifierPart, PartRef("verifier"), AfterValidator(_of_one)]
"""A verifier that says something of one solution by itself."""
PolicyRef = Annotated[PolicyPart, PartRef("policy")]
