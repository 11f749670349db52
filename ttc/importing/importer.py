"""`import_pool`: foreign samples to a run folder, complete or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing.collector import Collector
from ttc.importing.formats import AUTO, Format, chosen
from ttc.importing.judging import UNKNOWN, Judging
from ttc.importing.sources import Source, Wanted
from ttc.importing.tally import Progress, Tally
from ttc.importing.trail import Trail
from ttc.importing.verifying import SQUASH
from ttc.store.labels import split_told
from ttc.store.manifest import Choices, Manifest, Model, dataset_hash, hash_recipe
from ttc.store.run_folder import RunFolder
from ttc.store.staging import staged
from ttc.words import counted


def import_pool(
    source: Path,
    destination: Path,
    *,
    layout: str = AUTO,
    verifications: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    answers: AnswerRule | None = None,
    judging: Judging | None = None,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
) -> RunFolder:
    """Turn samples in a file or folder into a run `destination/<run id>`, and return it.

    `destination` is a folder of runs, such as `results/NAME`. The run id is a hash of what was
    imported and how, so that the same import again replaces its run; a run of ttc's own keeps its
    id. `layout` names a format (`ttc.importing.formats`), else its content tells. `verifications`
    is a second table or a second folder where they lie apart. `mapping` says what our names
    (`solution.text`) are called in the data, `wanted` what to take where it offers several things.
    `progress` is called after every problem or file of verifications. Memory holds one problem's
    text at a time. Raises `DataError` with file and line; then nothing is left behind.
    """
    rule, options = answers or AnswerRule(), judging or Judging()
    form, opened = opened_source(source, layout, verifications, mapping, wanted)
    options = usual(options, form)
    started = datetime.now(UTC)
    with staged(destination) as stage:
        if form.adopt is not None:
            return stage.publish(form.adopt(opened, stage.run).run_id)
        with ExitStack() as tables:
            collector = Collector(stage.run, rule, options, tables)
            for raw in form.read(opened):
                collector.add(raw)
                if progress is not None:
                    progress(collector.tally)
            if not collector.tally.problems:
                raise DataError(f"{source}: there are no problems in the data")
            problems = collector.finish()
        collector.verifications.squash()
        _refuse_unreadable(source, collector.tally, options)
        how = _how(form, opened, rule, options)
        manifest = _manifest(destination.name, how, collector, options, opened.trail)
        manifest.dataset = dataset_hash(problems)
        manifest.started, manifest.ended = started, datetime.now(UTC)
        manifest.source |= {"file": source.name, "records": collector.digest()}
        manifest.write(stage.run.manifest_path)
        return stage.publish(manifest.run_id)


def opened_source(
    path: Path,
    layout: str = AUTO,
    verifications: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    wanted: Wanted | None = None,
) -> tuple[Format, Source]:
    """The format of a source, and what its reader is given. Raises `DataError`."""
    wanted = wanted or Wanted()
    trail = Trail(wanted.right_from)
    return chosen(Source(path, (), verifications, mapping or {}, wanted, trail), layout)


def usual(options: Judging, form: Format) -> Judging:
    """The options with what is usual for a format where they say nothing."""
    return replace(
        options,
        labels=options.labels or form.labels,
        aggregate=options.aggregate or form.aggregate,
    )


def _how(form: Format, source: Source, rule: AnswerRule, options: Judging) -> dict[str, Any]:
    """What was asked for, which makes the run's id; keys that came later only where they matter."""
    later = {
        "metric": source.wanted.metric,
        "filter": source.wanted.filter,
        "right_from": None if source.wanted.right_from == 1 else source.wanted.right_from,
        "aggregate": None if options.aggregate == "min" else options.aggregate,
    }
    return {
        "layout": form.name,
        "mapping": dict(source.mapping),
        "answers": rule.model_dump(mode="json"),
        "score": options.score,
        "labels": options.labels,
        "verifier": options.verifier,
        **{name: value for name, value in later.items() if value is not None},
    }


def _refuse_unreadable(source: Path, tally: Tally, options: Judging) -> None:
    """Raise `DataError` where no solution has an answer, so that nothing could be estimated."""
    if tally.invalid_answers < tally.solutions or (options.labels == "trust" and tally.labels):
        return
    raise DataError(
        f"{source}: none of its {counted(tally.solutions, 'solution')} has an answer that could be "
        "read; name the key or column with answers (--map answer=...), say how texts give them "
        "(--set answers.extract=...)"
        + (", or trust the labels (--labels trust)" if tally.labels else "")
    )


def _manifest(
    name: str, how: Mapping[str, Any], collector: Collector, options: Judging, trail: Trail
) -> Manifest:
    tally = collector.tally
    sinks = collector.verifications.verifiers
    rewards = list(collector.verifications.unbounded)
    recipe_hash = hash_recipe(how)
    told = str(trail.facts.get("model", options.model))
    solved = told if options.model == UNKNOWN else options.model
    solver = Model(backend="imported", model=solved)
    judge = Model(backend="imported", model=options.verifier_model or solved)
    of_data = {"unused_keys": trail.unused, "facts": trail.facts, "squashed": rewards}
    return Manifest(
        recipe_name=name,
        recipe={"import": dict(how)},
        recipe_hash=recipe_hash,
        run_id=hash_recipe({"how": dict(how), "records": collector.digest()})[:12],
        models={"solver": solver, **dict.fromkeys(sinks, judge)},
        status="imported",
        note=_note(tally, trail, rewards),
        ledger=_ledger(tally),
        choices=Choices(
            lambda_source="measured" if sinks else None,
            score_mode=options.score if sinks else None,
            invalid_verdicts="dropped" if sinks else None,
            ties="random_averaged",
            resampling="without_replacement",
            prompt_counting="per_sample",
            wasted_tokens="unknown",
            tuning="none",
            token_counts=tally.token_counts,
        ),
        source={
            "layout": how["layout"],
            "labels": tally.labels,
            "labels_that_differ": tally.labels_that_differ,
            "estimated_token_counts": tally.estimated_counts,
            **{key: value for key, value in of_data.items() if value},
        },
    )


def _note(tally: Tally, trail: Trail, rewards: Sequence[str]) -> str:
    parts = list(trail.notes)
    if trail.partial:
        parts.append(
            f"{counted(trail.partial, 'label')} between wrong and right, which count as right "
            "from --right-from on (1 unless given)"
        )
    if rewards:
        parts.append(
            f"scores of {', '.join(rewards)} are unbounded rewards r, squashed in their order to "
            f"{SQUASH}; raw_score has them"
        )
    if not tally.solution_tokens:
        parts.append("the data holds neither texts nor token counts, so costs in tokens are 0")
    else:
        if estimated := tally.estimated_counts - tally.unknown_counts:
            parts.append(f"token counts of {estimated} completions are estimates from their texts")
        if tally.unknown_counts:
            parts.append(
                f"{tally.unknown_counts} completions have neither text nor token count: their "
                "lengths are unknown, and count as the others' mean"
            )
    if tally.labels_that_differ:
        parts.append(
            f"our judgement differs from {tally.labels_that_differ} of {tally.labels} labels that "
            "came with the data"
        )
    if tally.split:
        parts.append(split_told(tally.split))
    if tally.unjudged:
        parts.append(tally.unjudged)
    return "; ".join(parts)


def _ledger(tally: Tally) -> dict[str, Any]:
    return {
        "solution": {
            "samples": tally.solutions,
            "prompt_tokens": tally.solution_prompt_tokens,
            "completion_tokens": tally.solution_tokens,
            "invalid": tally.invalid_answers,
            "paid_samples": 0,
        },
        "verification": {
            "samples": tally.verifications,
            "prompt_tokens": tally.verification_prompt_tokens,
            "completion_tokens": tally.verification_tokens,
            "invalid": tally.invalid_verdicts,
            "paid_samples": 0,
        },
    }
