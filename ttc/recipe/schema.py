"""The recipe format as JSON Schema (draft 2020-12), so that editors complete and check it."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from ttc.recipe.model import Recipe
from ttc.registry import Kind, Part, parts, summary

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of recipes with every registered part, plug-ins included."""
    from pydantic.json_schema import models_json_schema

    kinds: dict[Kind, dict[str, type[Part]]] = {kind: parts(kind) for kind in get_args(Kind)}
    models: list[type[BaseModel]] = [
        Recipe,
        *(cls for known in kinds.values() for cls in known.values()),
    ]
    refs, whole = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = whole["$defs"]
    for kind, known in kinds.items():
        definitions[kind] = _any_of_kind(kind, known, refs)
        for cls in known.values():
            _finish_part(definitions[_name(refs[cls, "validation"])], cls)
    root = definitions.pop(_name(refs[Recipe, "validation"]))
    root["required"] = [key for key in root["required"] if key != "name"]
    root["patternProperties"] = {"^x-": {"description": "Ignored: a place for YAML anchors."}}
    schema = {"$schema": DIALECT, **root, "title": "ttc recipe", "$defs": definitions}
    linked: dict[str, Any] = _link(schema)
    return linked


def _name(ref: dict[str, Any]) -> str:
    return str(ref["$ref"]).rpartition("/")[2]


def _any_of_kind(
    kind: Kind, known: dict[str, type[Part]], refs: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    short = [
        {"const": name, "description": summary(cls)}
        for name, cls in known.items()
        if not any(info.is_required() for info in cls.model_fields.values())
    ]
    # Where any part may stand, `type` tells which; where only one may, it goes without saying.
    forms = [{**refs[cls, "validation"], "required": ["type"]} for cls in known.values()]
    return {"title": kind, "description": f"A {kind}, chosen by `type`.", "oneOf": [*forms, *short]}


def _finish_part(schema: dict[str, Any], cls: type[Part]) -> None:
    """Tell alternatives apart by `type`, and describe it by the part's summary."""
    schema["properties"]["type"] = {
        "const": cls.model_fields["type"].default,
        "title": "Type",
        "description": summary(cls),
    }


def _link(value: Any) -> Any:
    """Put a reference to a kind's definition where a field takes any part of that kind, and have
    alternatives that one key tells apart require that key.
    """
    if isinstance(value, dict):
        out = {key: _link(inner) for key, inner in value.items() if key != "x-ttc-part"}
        if "x-ttc-part" in value:
            out["$ref"] = f"#/$defs/{value['x-ttc-part']}"
        if isinstance(told := value.get("discriminator"), dict) and "propertyName" in told:
            out["oneOf"] = [{**one, "required": [told["propertyName"]]} for one in out["oneOf"]]
        return out
    return [_link(inner) for inner in value] if isinstance(value, list) else value
