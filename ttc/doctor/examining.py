"""The servers behind a URL or a recipe, and whether they do what they claim: `ttc doctor`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ttc.errors import UsageError
from ttc.redact import redact_urls
from ttc.registry import Part

if TYPE_CHECKING:
    from ttc.backends.openai import OpenAI
    from ttc.doctor.diagnosis import Diagnosis, Target

_NO_SCHEME = re.compile(r"(?!\d+$)[\w.-]+:\d+(/|$)|localhost(/|$)")


@dataclass(frozen=True)
class Checkup:
    """What was found at each server, and which of a recipe's backends have none to ask."""

    diagnoses: tuple[Diagnosis, ...]
    left_out: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing was found that breaks experiments."""
        return all(one.healthy for one in self.diagnoses)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "healthy": self.healthy,
            "endpoints": [one.as_dict() for one in self.diagnoses],
            "left_out": list(self.left_out),
        }


def is_url(text: str) -> bool:
    """Whether a person means a server, not a recipe. Raises `UsageError` for half a URL."""
    if _NO_SCHEME.match(text):
        raise UsageError(f"{text}: a URL starts with http:// or https://, e.g. http://{text}")
    return text.startswith(("http://", "https://"))


def examine_url(url: str, model: str | None, api_key_env: str | None) -> Checkup:
    """Examine a model at an address; without a name, the only one.

    Raises `UsageError` for what is no address or no variable's name, and `BackendError`.
    """
    from ttc.backends.http.addresses import address_fault
    from ttc.backends.http.secrets import key_name_fault
    from ttc.backends.openai import OpenAI
    from ttc.doctor.diagnosis import Target, diagnose, only_model

    if fault := address_fault(url):
        raise UsageError(f"{redact_urls(url)}: {fault}")
    if api_key_env is not None and (fault := key_name_fault(api_key_env)):
        raise UsageError(f"--api-key-env {fault}")

    async def work() -> Diagnosis:
        name = model or await only_model(url, api_key_env)
        config = OpenAI(model=name, api_key_env=api_key_env, timeout=120)
        return await diagnose(Target(config, url))

    return Checkup((asyncio.run(work()),))


def examine_backends(name: str, backends: Iterable[Part]) -> Checkup:
    """Examine every server of a recipe's backends as the recipe, of this name, would ask it.

    Raises `BackendError` where one can't be reached, `UsageError` where there are none.
    """
    from ttc.doctor.diagnosis import diagnose_all

    targets, left_out = asyncio.run(_targets(backends))
    if not targets:
        raise UsageError(f"{name} has no server to examine: {'; '.join(left_out)}")
    return Checkup(tuple(asyncio.run(diagnose_all(targets))), tuple(left_out))


async def _targets(backends: Iterable[Part]) -> tuple[list[Target], list[str]]:
    from ttc.backends.openai.client import addresses
    from ttc.doctor.diagnosis import Target

    targets: dict[str, list[Target]] = {}
    left_out: list[str] = []
    for part in _distinct(backends):
        config, why = await _as_openai(part)
        if config is None:
            kind = type(part).model_fields["type"].default
            left_out.append(f"{getattr(part, 'model', 'a model')} ({kind}) {why}")
        else:
            found = [Target(config, url) for url in addresses(config, os.environ)]
            targets.setdefault(config.model_dump_json(), found)
    return [target for found in targets.values() for target in found], left_out


def _distinct(parts: Iterable[Part]) -> list[Part]:
    return list({p.model_dump_json(): p for p in parts}.values())


async def _as_openai(part: Part) -> tuple[OpenAI | None, str]:
    """A backend's server in OpenAI's protocol, or why there is none to examine."""
    from ttc.backends.litellm import LiteLLM
    from ttc.backends.openai import OpenAI
    from ttc.backends.vllm_pooling import VLLMPooling

    if isinstance(part, OpenAI):
        return part, ""
    if isinstance(part, VLLMPooling):
        return None, "writes no texts; `ttc run` tells of wrong scores"
    if not isinstance(part, LiteLLM):
        return None, "runs in this process"
    backend = part.open()
    try:
        return backend.as_openai(), "is reached in a protocol of its provider's own"
    finally:
        await backend.close()
