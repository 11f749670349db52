"""What each part alone can't know: combinations that can't work, with the key to mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from ttc.budget.cost import UNITS
from ttc.budget.limits import BudgetConfig
from ttc.faults import Fault, KeyPath, dotted
from ttc.recipe.batch_mode import in_batches
from ttc.recipe.capabilities import check_capabilities
from ttc.recipe.files import missing_files
from ttc.recipe.model import Grid
from ttc.recipe.prompt_checks import check_prompts
from ttc.recipe.valid import Valid, methods
from ttc.registry import parts, walk


def check(valid: Valid) -> list[Fault]:
    """Run every check on what is valid by itself."""
    return [fault for one in _CHECKS for fault in one(valid)]


def _most_solutions(valid: Valid) -> int | None:
    sampler = valid.get("sampler")
    most: int | None = None if sampler is None else sampler.most_solutions()
    return most


def _grid_solutions(valid: Valid) -> Iterator[Fault]:
    grid, most = valid.get("grid"), _most_solutions(valid)
    if isinstance(grid, Grid) and most is not None and isinstance(grid.solutions, tuple):
        largest = max(grid.solutions)
        if largest > most:
            text = f"{largest} solutions are more than the sampler draws ({most})"
            yield Fault(("grid", "solutions"), text)


def _repeats(valid: Valid) -> Iterator[Fault]:
    sampler = valid.get("sampler")
    if valid.get("repeats", 1) > 1 and getattr(sampler, "exchangeable", False):
        text = "independent solutions need no repeats; draw more of them (sampler.solutions)"
        yield Fault(("repeats",), text)


def _allocation(valid: Valid) -> Iterator[Fault]:
    """Who shares out by votes needs a limit for the run, and votes that say what more would."""
    budget, sampler = valid.get("budget"), valid.get("sampler")
    if not isinstance(budget, BudgetConfig) or budget.equal:
        return
    if all(getattr(budget.per_run, unit) is None for unit in UNITS):
        text = "there is no limit for the run (budget.per_run) to share out among its problems"
        yield Fault(("budget", "allocation"), text)
    if sampler is not None and not getattr(sampler, "exchangeable", False):
        text = (
            f"{sampler.type!r} gives no independent solutions, and can't go on once its budget has "
            "ended; use 'equal'"
        )
        yield Fault(("budget", "allocation"), text)


def _grid_verifications(valid: Valid) -> Iterator[Fault]:
    grid, verifiers = valid.get("grid"), valid.get("verifiers")
    if not isinstance(grid, Grid) or verifiers is None or isinstance(grid.verifications, str):
        return
    if not verifiers:
        yield Fault(("grid", "verifications"), "there is no verifier whose verifications to count")
        return
    most = max(getattr(v, "verifications", 1) for v in verifiers)
    largest = max(grid.verifications)
    if largest > most:
        text = f"{largest} verifications are more than any verifier makes (at most {most})"
        yield Fault(("grid", "verifications"), text)


def _verified_solutions(valid: Valid) -> Iterator[Fault]:
    drawn = _most_solutions(valid)
    for i, verifier in enumerate(valid.get("verifiers") or ()):
        wanted = getattr(verifier, "solutions", None)
        if drawn is not None and wanted is not None and wanted > drawn:
            text = f"{wanted} solutions are more than the sampler draws ({drawn})"
            yield Fault(("verifiers", i, "solutions"), text)


def _policies_without_verifier(valid: Valid) -> Iterator[Fault]:
    if valid.get("verifiers") != ():
        return
    for i, policy in enumerate(valid.get("policies") or ()):
        if policy.reads_verifications:
            text = f"{policy.type!r} needs verifications, but the recipe has no verifiers"
            yield Fault(("policies", i), text)


def _policies_that_fail(valid: Valid) -> Iterator[Fault]:
    from ttc.policies._trial import fault_of

    for i, policy in enumerate(valid.get("policies") or ()):
        if why := fault_of(policy):
            yield Fault(("policies", i), why)


def _policies_named_as_others(valid: Valid) -> Iterator[Fault]:
    for i, policy in enumerate(valid.get("policies") or ()):
        if policy.name != policy.type and policy.name in parts("policy"):
            text = f"{policy.name!r} is what another policy is called; choose another name"
            yield Fault(("policies", i, "name"), text)


def _policies_without_confidence(valid: Valid) -> Iterator[Fault]:
    if getattr(valid.get("sampler"), "logprobs", None) is not False:
        return
    for i, policy in enumerate(valid.get("policies") or ()):
        if "confidence" in policy.reads:
            text = f"{policy.type!r} reads confidences, but the sampler takes no logprobs"
            yield Fault(("policies", i), text)


def _distinct_labels(valid: Valid) -> Iterator[Fault]:
    for field in ("verifiers", "policies"):
        chosen = valid.get(field) or ()
        counts = Counter(part.label for part in chosen)
        seen: set[str] = set()
        for i, part in enumerate(chosen):
            if counts[part.label] > 1 and part.label in seen:
                mend = "give each a 'name' of its own"
                if field == "policies" and not part.name and part in chosen[:i]:
                    mend = "once is enough"
                text = f"two {field} are called {part.label!r}; {mend}"
                yield Fault((field, i), text)
            seen.add(part.label)


def _labels_of_critics(valid: Valid) -> Iterator[Fault]:
    """What a method did by its critic's verdicts makes those no fresh ones of another's."""
    first = {one.label: f"verifiers[{i}]" for i, one in enumerate(valid.get("verifiers") or ())}
    for at, part, outer, _ in methods(valid):
        if outer is None or part.kind != "verifier":
            continue
        label = str(getattr(part, "label", ""))
        if label in first:
            text = (
                f"is called {label!r}, as {first[label]} is, and their verdicts would be counted "
                "together; give one of them a 'name' of its own"
            )
            yield Fault(at, text)
        first.setdefault(label, dotted(at))


def _labels_with_a_slash(valid: Valid) -> Iterator[Fault]:
    """Names that begin with a verifier's and a slash are those of its judgements of judgements."""
    for at, part, _, _ in methods(valid):
        label = str(getattr(part, "label", ""))
        if part.kind == "verifier" and "/" in label:
            mend = label.replace("/", "-")
            text = (
                f"{label!r:.80} has a '/', which is for judgements of judgements; say {mend!r:.80}"
            )
            yield Fault((*at, "name"), text)


def _samples_that_verifiers_read(valid: Valid) -> Iterator[Fault]:
    """What a verifier reads of the solver's samples, such as their probabilities, must be kept."""
    sampler = valid.get("sampler")
    if sampler is None:
        return
    drawing = [(at, one) for at, one, _ in walk(sampler, ("sampler",)) if one.kind == "sampler"]
    verifiers: list[tuple[KeyPath, Any]] = [
        (at, part)
        for at, part, _, _ in methods(valid)
        if at[0] == "verifiers" and part.kind == "verifier"
    ]
    for at, part in verifiers:
        lacking = [(place, part.lacks(one)) for place, one in drawing]
        if not all(lack for _, lack in lacking):
            continue
        field, why = lacking[0][1]
        known = [place for place, one in drawing if field in type(one).model_fields]
        said = f"{part.type!r} {why}"
        if known:
            yield Fault((*known[-1], field), said)
        else:
            yield Fault(at, f"{said} (the sampler {sampler.type!r} has no such field)")


def _capabilities(valid: Valid) -> Iterator[Fault]:
    backend = valid.get("backend")
    if valid.get("sampler") is not None:
        yield from check_capabilities(("sampler",), valid["sampler"], backend)
    for i, verifier in enumerate(valid.get("verifiers") or ()):
        yield from check_capabilities(("verifiers", i), verifier, backend)


def _in_batches(valid: Valid) -> Iterator[Fault]:
    """What asks by what came before would wait for a batch each time, without anybody's knowing
    how often.
    """
    for at, part, _, models in methods(valid):
        asked = [field for field, model in models.items() if in_batches(model)]
        if not asked or part.waves is not None:
            continue
        told = "its" if part.kind == "sampler" else "this verifier's"
        fix = "leave `mode: batch` out of that backend"
        if part.kind == "sampler":
            fix += ", or use `sampler: independent`"
        else:
            fix += f", or give the verifier a backend of its own ({dotted((*at, 'backend'))})"
        name = getattr(part, "type", "")
        text = (
            f"{name!r} asks {told} model again and again, each time by what came before, and "
            f"in batch mode each answer may take a day; {fix}"
        )
        yield Fault(at, text)


_CHECKS: tuple[Callable[[Valid], Iterator[Fault]], ...] = (
    _repeats,
    _allocation,
    _grid_solutions,
    _grid_verifications,
    _verified_solutions,
    _policies_without_verifier,
    _policies_without_confidence,
    _policies_named_as_others,
    _policies_that_fail,
    _distinct_labels,
    _labels_of_critics,
    _labels_with_a_slash,
    _samples_that_verifiers_read,
    missing_files,
    check_prompts,
    _capabilities,
    _in_batches,
)
