"""The single checks of `ttc doctor`: each asks a server something and says what it found.

They raise `BackendError` where the server refuses, `Malformed` where it answers in another form.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ttc.doctor.probe import Answer, Probe, Route
from ttc.errors import BackendError, CallFailed

Level = Literal["ok", "note", "warning", "failure"]
_LONGEST_PROMPT = 200_000  # words; beyond that a check would cost more than it tells
_FEWER_LOGPROBS = (20, 10, 5, 1)
_THINKING = "<think>\n"  # before thoughts that a server puts apart


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `note` is neither good nor bad, `failure` breaks experiments."""

    check: str
    level: Level
    message: str


Findings = AsyncIterator[Finding]


async def usage(probe: Probe, route: Route) -> Findings:
    """Token counts are what budgets rest on."""
    short = await probe.ask(route, "one two", max_tokens=4)
    long = await probe.ask(route, "one two " * 12, max_tokens=4)
    counts = [short.used("prompt_tokens"), short.used("completion_tokens")]
    if None in counts:
        text = "replies have no token counts; budgets then use upper bounds"
        yield Finding("usage", "failure", text)
        return
    more = (long.used("prompt_tokens") or 0) - (counts[0] or 0)
    if more < 11:  # a token may well hold two such words
        text = f"a prompt of 22 more words counts only {more} tokens more"
        yield Finding("usage", "failure", text)
    elif not counts[1] and short.text:
        yield Finding("usage", "failure", "completion_tokens is 0 although text came")
    else:
        yield Finding("usage", "ok", "token counts are there and grow with the prompt")


async def max_tokens(probe: Probe, route: Route) -> Findings:
    """A hard budget reserves max_tokens, so a server must keep to it."""
    found = await probe.ask(route, max_tokens=3)
    used = found.used("completion_tokens")
    if used is not None and used > 3:
        yield Finding("max_tokens", "failure", f"3 tokens were allowed, {used} came")
    elif found.finish not in ("length", "stop"):
        yield Finding("max_tokens", "warning", f"a cut answer's finish_reason is {found.finish!r}")
    else:
        yield Finding("max_tokens", "ok", "the limit is kept")


async def samples(probe: Probe, route: Route) -> Findings:
    """`n` saves reading the prompt again, if it is honoured and gives different samples."""
    found = await probe.ask(route, n=4, temperature=1.0, seed=1, max_tokens=24)
    indices = [str(c.get("index")) for c in found.choices]
    if len(found.choices) != 4:
        text = f"n=4 gave {len(found.choices)} samples, not 4; set n_per_call: 1"
        yield Finding("n", "warning", text)
    elif len(set(indices)) < 4:
        yield Finding("n", "failure", f"four choices have the indices {', '.join(indices)}")
    elif not any(found.texts):
        yield Finding("n", "note", "all answers are empty; not checked")
    elif len(set(found.texts)) == 1:
        text = "n=4 gave one text four times: samples would not be independent; n_per_call: 1"
        yield Finding("n", "failure", text)
    else:
        yield Finding("n", "ok", "n=4 gives four different samples")
    once = await probe.ask(route, max_tokens=1)
    one, four = once.used("prompt_tokens"), found.used("prompt_tokens")
    if one and four and four >= 2 * one:
        text = "the prompt of n samples is counted n times in usage"
        yield Finding("n", "note", text)


async def seed(probe: Probe, route: Route) -> Findings:
    """With seeds, a run can be repeated."""
    texts = [
        (await probe.ask(route, seed=s, temperature=1.0, max_tokens=24)).text for s in (1, 1, 2, 3)
    ]
    if not any(texts):
        yield Finding("seed", "note", "all answers are empty; not checked")
    elif len(set(texts)) == 1:
        yield Finding("seed", "failure", "all seeds give the same text at temperature 1")
    elif texts[0] == texts[1]:
        yield Finding("seed", "ok", "a seed fixes the sample")
    else:
        text = "the same seed gave two texts: only the journal can repeat samples"
        yield Finding("seed", "warning", text)


async def greedy(probe: Probe, route: Route) -> Findings:
    """Temperature 0 should always say the same."""
    texts = {(await probe.ask(route, temperature=0, max_tokens=24)).text for _ in range(3)}
    if len(texts) == 1:
        yield Finding("temperature 0", "ok", "greedy answers repeat")
    else:
        yield Finding("temperature 0", "note", "greedy answers vary (batching on GPUs does that)")


async def stop(probe: Probe, route: Route) -> Findings:
    """Steps and verdicts are cut by stop texts."""
    whole = (await probe.ask(route, temperature=0, max_tokens=32)).text
    middle = whole[len(whole) // 3 :].strip()[:4]
    if not middle:
        yield Finding("stop", "note", "the answer was too short for a check")
        return
    cut = await probe.ask(route, temperature=0, max_tokens=32, stop=[middle])
    if middle in cut.text:
        yield Finding("stop", "failure", f"the answer goes on beyond the stop text {middle!r}")
    elif cut.finish != "stop":
        yield Finding("stop", "warning", f"finish_reason at a stop text is {cut.finish!r}")
    else:
        yield Finding("stop", "ok", "answers end before a stop text")


async def logprobs(probe: Probe, route: Route, wanted: int) -> Findings:
    """P(Yes) is read from them. wanted: alternatives a token that the config promises."""
    found = None
    for most in (wanted, *(m for m in _FEWER_LOGPROBS if m < wanted)):
        try:
            found = await probe.ask(route, temperature=0, max_tokens=8, top=most)
            break
        except BackendError:
            continue
    if found is None or not found.logprobs:
        text = "no logprobs; set max_logprobs: 0, and score verdicts as binary"
        yield Finding("logprobs", "warning", text)
        return
    given = max(len(token.top) for token in found.logprobs)
    if given < wanted and _mass(found) < 0.99:  # beyond that there may be no more tokens
        text = f"at most {given} alternatives a token are given; set max_logprobs: {given}"
        yield Finding("logprobs", "warning", text)
    yield _sound(found, given)
    hot, cold = [
        (await probe.ask(route, temperature=t, max_tokens=1, top=1, seed=1)).logprobs
        for t in (1.0, 0.3)
    ]
    if hot and cold and abs(_best(hot[0].top) - _best(cold[0].top)) > 0.2:
        yield Finding("logprobs", "note", "logprobs are those after temperature")


def _sound(found: Answer, given: int) -> Finding:
    first = found.logprobs[0]
    mass = _mass(found)
    written = "".join(t.token for t in found.logprobs)
    if mass > 1.01 or any(t.logprob > 1e-6 for t in found.logprobs):
        return Finding("logprobs", "failure", f"top probabilities sum to {mass:.2f}")
    if first.logprob < _best(first.top) - 0.01:
        return Finding("logprobs", "failure", "a greedy token is not the likeliest one listed")
    if found.text.removeprefix(_THINKING).strip()[:8] not in written:
        return Finding("logprobs", "warning", "the tokens listed do not make up the text")
    return Finding("logprobs", "ok", f"{given} alternatives a token, the first sum to {mass:.2f}")


def _mass(found: Answer) -> float:
    """Probability of the first token's alternatives together."""
    return sum(math.exp(min(v, 1.0)) for v in found.logprobs[0].top.values())


def _best(top: Mapping[str, float]) -> float:
    return max(top.values(), default=-math.inf)


async def context(probe: Probe, route: Route, length: int | None) -> Findings:
    """A prompt that is too long must be refused, not cut behind our backs."""
    if length is None or length > _LONGEST_PROMPT // 2:
        yield Finding("context", "note", "the context length is not stated; not checked")
        return
    try:
        found = await probe.ask(route, "a 1 " * length, max_tokens=1)
    except CallFailed as error:
        level: Level = "ok" if error.reason == "context_length" else "warning"
        yield Finding("context", level, "a prompt that is too long is refused")
    except BackendError as error:
        yield Finding("context", "warning", f"a prompt that is too long gives: {error}")
    else:
        used = found.used("prompt_tokens")
        if used is not None and used > length:
            text = f"{used} tokens were taken, though {length} are stated"
            yield Finding("context", "note", text)
            return
        text = f"a prompt of {2 * length} words was taken as {used} tokens: cut silently?"
        yield Finding("context", "failure", text)


async def batches(probe: Probe, *, wanted: bool) -> Findings:
    """Whether calls may travel in batches (`mode: batch`). wanted: whether the recipe has them do
    so.
    """
    try:
        listing = await probe.get("/batches?limit=1")
    except BackendError as error:
        if wanted:
            yield Finding("batches", "failure", f"`mode: batch` can't work here: {error}")
        else:
            yield Finding("batches", "note", "the server offers no batches; leave mode: now")
        return
    if isinstance(listing.get("data"), list):
        yield Finding("batches", "ok", "the server offers batches (mode: batch)")
    else:
        level: Level = "failure" if wanted else "note"
        yield Finding("batches", level, "what answers at /batches lists no batches")


async def template(probe: Probe) -> Findings:
    """What the server makes of chat turns, as far as token counts tell."""
    if "chat" not in probe.routes:
        return
    user = {"role": "user", "content": "one two"}
    plain = await probe.ask("chat", messages=[user], max_tokens=1)
    # Two of them, for a template may have one of its own where none is given.
    told = [
        await probe.ask("chat", messages=[{"role": "system", "content": text}, user], max_tokens=1)
        for text in ("three four", "three four " * 12)
    ]
    a, (short, long) = plain.used("prompt_tokens"), (t.used("prompt_tokens") for t in told)
    if a is None or short is None or long is None:
        return
    if long <= short:
        yield Finding("chat template", "warning", "system messages seem to be dropped")
    if "raw" in probe.routes:
        raw = (await probe.ask("raw", "one two", max_tokens=1)).used("prompt_tokens")
        added = a - (raw or a)
        how = f"adds {added} tokens to a message" if added > 0 else "adds nothing to a message"
        yield Finding("chat template", "ok" if added > 0 else "note", f"the template {how}")
    yield await _prefill(probe, user)


async def _prefill(probe: Probe, user: Mapping[str, Any]) -> Finding:
    turns = [user, {"role": "assistant", "content": "five six seven"}]
    fields: dict[str, Any] = {"continue_final_message": True, "add_generation_prompt": False}
    try:
        closed = await probe.ask("chat", messages=turns, max_tokens=1)
        going = await probe.ask("chat", messages=turns, max_tokens=1, **fields)
    except BackendError:
        return Finding("prefill", "note", "continue_final_message is refused; leave prefill: none")
    a, b = closed.used("prompt_tokens"), going.used("prompt_tokens")
    if a is not None and b is not None and b < a:
        return Finding("prefill", "ok", "prefill: continue_final_message works")
    return Finding("prefill", "note", "continue_final_message is accepted but shows no effect")


async def _asked_twice(probe: Probe, route: Route) -> list[Answer]:
    """The answers to a prompt that came twice: the longest that fits the model's context.

    Caches work in blocks of up to 1,024 tokens, but a small model holds few.
    """
    for times in (120, 30, 3):
        prompt = "The quick brown fox jumps over the lazy dog. " * times
        try:
            return [await probe.ask(route, prompt, max_tokens=1, temperature=0) for _ in range(2)]
        except CallFailed as error:
            if error.reason != "context_length" or times == 3:
                raise
    raise AssertionError("unreachable")


async def cache(probe: Probe, route: Route) -> Findings:
    """Whether a shared prompt is read once, and changes nothing."""
    twice = await _asked_twice(probe, route)
    cached = twice[1].cached
    if cached is None:
        yield Finding("cached prompts", "note", "the server does not report cached prompt tokens")
    elif cached == 0:
        yield Finding("cached prompts", "note", "a repeated prompt was read anew")
    else:
        yield Finding("cached prompts", "ok", f"{cached} prompt tokens came from the cache")
    if twice[0].used("prompt_tokens") != twice[1].used("prompt_tokens"):
        text = "a repeated prompt is counted differently in usage"
        yield Finding("cached prompts", "warning", text)
