"""Does an endpoint do what it claims? Behind `ttc doctor`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ttc.backends.http import identity as identities
from ttc.backends.http.reply import Malformed
from ttc.backends.http.secrets import split_credentials
from ttc.backends.openai import OpenAI
from ttc.core import ModelIdentity
from ttc.doctor import checks
from ttc.doctor.checks import Finding, Findings
from ttc.doctor.probe import Probe, Route
from ttc.errors import BackendError, RetryableError
from ttc.fingerprint import Fingerprint, changed, take_fingerprint

if TYPE_CHECKING:
    import httpx

_PATHS: dict[Route, str] = {"raw": "/completions", "chat": "/chat/completions"}


@dataclass(frozen=True, slots=True)
class Target:
    """One server, with the credentials that it needs in the URL, and how a recipe would ask it."""

    config: OpenAI
    url: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found about one served model; `fingerprint` is None without logprobs."""

    identity: ModelIdentity
    findings: tuple[Finding, ...]
    fingerprint: Fingerprint | None

    @property
    def healthy(self) -> bool:
        """Whether nothing was found that breaks experiments."""
        return all(f.level != "failure" for f in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for programs."""
        taken = self.fingerprint
        return {
            "endpoint": self.identity.endpoint,
            "model": self.identity.model,
            "revision": self.identity.revision,
            "facts": dict(self.identity.facts),
            "healthy": self.healthy,
            "findings": [asdict(finding) for finding in self.findings],
            "fingerprint": taken and {"digest": taken.digest, **taken.as_dict()},
        }


async def diagnose_all(
    targets: Sequence[Target], transport: httpx.AsyncBaseTransport | None = None
) -> list[Diagnosis]:
    """Examine each, one after the other, and whether servers of one config serve one model."""
    found: list[Diagnosis] = []
    for target in targets:
        one = await diagnose(target, transport)
        pool = [d for t, d in zip(targets, found, strict=False) if t.config == target.config]
        found.append(_compared(one, pool[0]) if pool else one)
    return found


def _compared(one: Diagnosis, first: Diagnosis) -> Diagnosis:
    if one.fingerprint is None or first.fingerprint is None:
        return one
    said = changed(first.fingerprint, one.fingerprint)
    if said is None:
        return one
    text = f"compared with {first.identity.endpoint}, a server of the same pool: {said}"
    return replace(one, findings=(*one.findings, Finding("pool", "failure", text)))


async def diagnose(target: Target, transport: httpx.AsyncBaseTransport | None = None) -> Diagnosis:
    """Run all checks that matter to the target's config; about forty short requests.

    `transport` replaces the network, for tests. Raises `BackendError` where the server can't be
    reached or has no such model.
    """
    probe = Probe(target.config, target.url, transport)
    try:
        identity, listed = await _identity_of(target, probe)
        findings = [listed, *await _routes(target.config, probe)]
        if probe.routes:
            findings += await _all_checks(target.config, probe, identity)
    finally:
        await probe.close()
    fingerprint = None
    if probe.routes and target.config.max_logprobs:
        found, fingerprint = await _fingerprint(target, "raw" in probe.routes, transport)
        findings.append(found)
    return Diagnosis(identity, tuple(findings), fingerprint)


async def only_model(
    url: str,
    api_key_env: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> str:
    """The name of the one model at an address. Raises `BackendError` where there are several."""
    probe = Probe(OpenAI(model="?", api_key_env=api_key_env, timeout=30), url, transport)
    try:
        names = identities.model_names(await probe.get("/models"))
    except RetryableError as error:
        text = _unreachable(error)
    except BackendError as error:
        said, of_model, _ = str(error).partition("; check the model name")
        advice = "; check the URL, which for most servers ends in /v1, or name a model with --model"
        text = said + (advice if of_model else "")
    else:
        if len(names) == 1:
            return names[0]
        there = f"serves {', '.join(names)}; name one" if names else "lists no model; name it"
        text = f"{split_credentials(url)[0]} {there} with --model"
    finally:
        await probe.close()
    raise BackendError(text)


def _unreachable(error: RetryableError) -> str:
    return f"no answer from {error}; is the server running, and is the URL right?"


async def _identity_of(target: Target, probe: Probe) -> tuple[ModelIdentity, Finding]:
    """What the server says of its model; many a server has no list of models."""
    endpoint, model = split_credentials(target.url)[0], target.config.model
    try:
        listing = await probe.get("/models")
    except RetryableError as error:
        text = _unreachable(error)
    except BackendError as error:
        said = f"{error}; a recipe needs check_model: false"
        level: checks.Level = "warning" if target.config.check_model else "note"
        return ModelIdentity("openai", model, endpoint), Finding("/models", level, said)
    else:
        if not target.config.check_model and model not in identities.model_names(listing):
            finding = Finding("/models", "note", f"{model} is not listed")
            return ModelIdentity("openai", model, endpoint), finding
        entry = identities.find_model(listing, model, endpoint)
        identity = identities.of_entries("openai", model, [endpoint], [entry])
        if identity.revision:
            return identity, Finding("/models", "ok", f"revision {identity.revision[:16]}")
        said = "states no revision: only the fingerprint tells when the model changes"
        return identity, Finding("/models", "note", said)
    raise BackendError(text)


async def _routes(config: OpenAI, probe: Probe) -> list[Finding]:
    """Which of the two kinds of prompt the server takes; others are not asked any more."""
    findings = []
    for route in ("raw", "chat") if config.raw else ("chat",):
        path = _PATHS[route]
        try:
            _ = (await probe.ask(route, "one two", max_tokens=1)).texts
        except BackendError as error:
            hint = "; a recipe needs raw: false" if route == "raw" else ""
            findings.append(Finding(path, "warning", f"not usable: {error}{hint}"))
        except Malformed as error:
            findings.append(Finding(path, "failure", f"not in OpenAI's form: {error}"))
        else:
            probe.routes.append(route)
            findings.append(Finding(path, "ok", "answers"))
    if not probe.routes:
        findings = [replace(f, level="failure") for f in findings]
    return findings


async def _all_checks(config: OpenAI, probe: Probe, identity: ModelIdentity) -> list[Finding]:
    """All checks at once, in their order; what the config never asks for is not checked."""
    route = probe.routes[0]
    stated = identity.facts.get("context_length")
    length = stated if isinstance(stated, int) else None
    with suppress(BackendError, Malformed):  # the checks will say what is wrong
        await probe.choose_opening(route)
    plans: Mapping[str, Findings] = {
        "usage": checks.usage(probe, route),
        "max_tokens": checks.max_tokens(probe, route),
        "n": checks.samples(probe, route),
        "seed": checks.seed(probe, route),
        "temperature 0": checks.greedy(probe, route),
        "stop": checks.stop(probe, route),
        "logprobs": checks.logprobs(probe, route, config.max_logprobs),
        "context": checks.context(probe, route, length),
        "chat template": checks.template(probe),
        "cached prompts": checks.cache(probe, route),
        "batches": checks.batches(probe, wanted=config.mode == "batch"),
    }
    unused = {*config.omit, *(["n"] if config.n_per_call == 1 else [])}
    unused |= set() if config.max_logprobs else {"logprobs"}
    wanted = [_checked(name, plan) for name, plan in plans.items() if name not in unused]
    return [finding for found in await asyncio.gather(*wanted) for finding in found]


async def _checked(name: str, plan: Findings) -> list[Finding]:
    try:
        return [finding async for finding in plan]
    except Malformed as error:
        return [Finding(name, "failure", f"a reply is not in OpenAI's form: {error}")]
    except BackendError as error:
        return [Finding(name, "warning", f"the check was refused: {error}")]


async def _fingerprint(
    target: Target, raw: bool, transport: httpx.AsyncBaseTransport | None
) -> tuple[Finding, Fingerprint | None]:
    plainly = {"raw": raw, "base_url": None, "base_urls": (), "mode": "now"}
    config = target.config.model_copy(update=plainly)
    backend = config.open_with(transport, {**os.environ, "OPENAI_BASE_URL": target.url})
    try:
        found = await take_fingerprint(backend.capabilities, backend.complete)
    except BackendError as error:
        return Finding("fingerprint", "warning", str(error)), None
    finally:
        await backend.close()
    return Finding("fingerprint", "ok", found.digest), found
