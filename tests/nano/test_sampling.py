"""What a sample may depend on: weights, prompt, parameters, its own seed; and nothing else."""

import random
import threading
from concurrent.futures import Future

import numpy as np
import pytest

from ttc import nano
from ttc.nano import Engine, NanoModel, Sample, SampleJob
from ttc.nano.prompts import solver_prompt
from ttc.nano.sampling import uniforms
from ttc.nano.tasks import generate


@pytest.fixture(scope="module")
def model() -> NanoModel:
    return nano.load("nano-solver")


def job(index: int, seeds: tuple[int, ...] = (0,), **more: object) -> SampleJob:
    families = ("arithmetic", "modular", "order")
    problem = generate(families[index % 3], 1 + index % 5, 11, index)
    return SampleJob(solver_prompt(problem.question), seeds, 96, **more)  # type: ignore[arg-type]


def mixed(n: int) -> list[SampleJob]:
    """Jobs of unlike lengths, parameters and sizes."""
    rng = random.Random(0)
    out = []
    for i in range(n):
        seeds = tuple(rng.randrange(10**9) for _ in range(rng.choice((1, 1, 2, 5))))
        how = rng.choice(
            (
                {},
                {"temperature": 0.7},
                {"top_p": 0.8},
                {"top_k": 3},
                {"logprobs": 3},
                {"stop": ("=",)},
            )
        )
        out.append(job(i, seeds, **how))
    return out


def test_a_sample_does_not_know_its_batch(model: NanoModel) -> None:
    jobs = mixed(120)
    together = model.sample(jobs)
    assert sum(len(j.seeds) for j in jobs) > 250
    order = random.Random(1).sample(range(120), 120)
    backwards = dict(zip(order, model.sample([jobs[i] for i in order]), strict=True))
    assert [backwards[i] for i in range(120)] == together
    for i in range(0, 120, 9):
        assert model.sample([jobs[i]])[0] == together[i]
        assert model.sample(jobs[i : i + 7]) == together[i : i + 7]
    one = jobs[4]
    split = [model.sample([job(4, (s,), **_parameters(one))])[0][0] for s in one.seeds]
    assert split == together[4]


def _parameters(job: SampleJob) -> dict[str, object]:
    keys = ("temperature", "top_p", "top_k", "stop", "logprobs")
    return {key: getattr(job, key) for key in keys}


def test_more_rows_than_a_batch_holds(model: NanoModel) -> None:
    many = model.sample([job(3, tuple(range(700)))])[0]
    assert many[650:660] == model.sample([job(3, tuple(range(650, 660)))])[0]


@pytest.mark.parametrize("workers", [1, 3])
def test_the_engine_gives_the_same_samples(model: NanoModel, workers: int) -> None:
    jobs = mixed(60)
    engine = Engine(model, workers)
    futures: list[Future[list[Sample]]] = [None] * len(jobs)  # type: ignore[list-item]

    def submit(some: range) -> None:
        for i in some:
            futures[i] = engine.submit(jobs[i])

    threads = [threading.Thread(target=submit, args=(range(k, 60, 3),)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [f.result(30) for f in futures] == model.sample(jobs)
    engine.close()


def test_a_closed_engine_takes_nothing_and_leaves_nobody_waiting(model: NanoModel) -> None:
    engine = Engine(model, 1)
    futures = [engine.submit(job(i, tuple(range(64)))) for i in range(20)]
    engine.close()
    assert all(f.done() for f in futures)
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(job(0))


def test_a_cancelled_job_leaves_the_others_alone(model: NanoModel) -> None:
    engine = Engine(model, 1)
    futures = [engine.submit(job(i, tuple(range(40)))) for i in range(30)]
    for future in futures[1::2]:
        future.cancel()
    expected = model.sample([job(i, tuple(range(40))) for i in range(0, 30, 2)])
    assert [f.result(30) for f in futures[::2]] == expected
    engine.close()


def test_seeds_differ_and_repeat(model: NanoModel) -> None:
    samples = model.sample([job(3, (*range(50), 7), temperature=2.0)])[0]
    assert samples[50] == samples[7]
    assert len({s.text for s in samples}) > 20


def test_temperature_zero_is_greedy(model: NanoModel) -> None:
    cold = model.sample([job(1, (0, 1, 2), temperature=0.0)])[0]
    assert len({s.text for s in cold}) == 1
    assert cold[0].text == model.sample([job(1, (5,), top_k=1)])[0][0].text


def test_sampled_tokens_follow_the_model(model: NanoModel) -> None:
    """Shares of the first sampled step against the model's own probabilities."""
    prompt = solver_prompt(generate("arithmetic", 1, 11, 5).question) + "4"
    drawn = model.sample([SampleJob(prompt, tuple(range(2000)), 1, logprobs=5)])[0]
    _, _, top = drawn[0].logprobs[0]
    for text, logprob in top.items():
        share = np.mean([s.logprobs[0][0] == text for s in drawn])
        p = np.exp(logprob)
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 2000) + 1e-3


def test_uniform_numbers_are_uniform_and_unrelated() -> None:
    seeds, counters = np.meshgrid(np.arange(300, dtype=np.uint64), np.arange(300, dtype=np.uint64))
    u = uniforms(seeds, counters)
    counts, _ = np.histogram(u, bins=64, range=(0, 1))
    expected = u.size / 64
    assert ((counts - expected) ** 2 / expected).sum() < 120  # chi-squared, 63 degrees
    assert abs(np.corrcoef(u[:-1].ravel(), u[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(u[:, :-1].ravel(), u[:, 1:].ravel())[0, 1]) < 0.02


def test_stop_texts_end_a_sample_and_are_left_out(model: NanoModel) -> None:
    whole = model.sample([job(6)])[0][0]
    for stop in ("\n", "final answer", "="):
        cut = model.sample([job(6, stop=(stop, "never"))])[0][0]
        assert cut.text == whole.text.split(stop)[0]
        assert cut.finish_reason == "stop"


def test_length_ends_a_sample(model: NanoModel) -> None:
    problem = solver_prompt(generate("arithmetic", 4, 0, 0).question)
    short = model.sample([SampleJob(problem, (0,), 5)])[0][0]
    assert (short.finish_reason, short.completion_tokens) == ("length", 5)
    whole = model.sample([SampleJob(problem, (0,), 96)])[0][0]
    assert whole.finish_reason == "stop"
    assert whole.text.startswith(short.text)


def test_logprobs_are_those_of_the_tokens(model: NanoModel) -> None:
    sample = model.sample([job(0, logprobs=4)])[0][0]
    assert len(sample.logprobs) == sample.completion_tokens
    assert "".join(text for text, _, _ in sample.logprobs) == sample.text
    for text, logprob, top in sample.logprobs:
        assert logprob <= 0
        assert len(top) == 4
        assert top.get(text, logprob) == logprob
    mean = np.mean([logprob for _, logprob, _ in sample.logprobs])
    assert sample.mean_logprob == pytest.approx(mean)


def test_a_partial_answer_is_continued(model: NanoModel) -> None:
    problem = generate("arithmetic", 2, 11, 0)
    prompt = solver_prompt(problem.question) + problem.steps[0] + "\n"
    sample = model.sample([SampleJob(prompt, (0,), 96, temperature=0)])[0][0]
    assert sample.text.split("\n")[0].startswith(problem.steps[0].split("=")[1])


def test_a_prompt_without_room_is_refused(model: NanoModel) -> None:
    with pytest.raises(nano.ContextOverflow, match="256"):
        model.sample([SampleJob("1" * 256, (0,), 1)])
    almost = model.sample([SampleJob("1" * 250, (0,), 96)])[0][0]
    assert almost.completion_tokens <= 6


def test_any_integer_is_a_seed(model: NanoModel) -> None:
    samples = model.sample([job(1, (-1, 0, 2**63, 2**64 - 1, 2**70, -(2**70)))])[0]
    assert len(samples) == 6


def test_nothing_to_do(model: NanoModel) -> None:
    assert model.sample([]) == []
    assert model.sample([job(0, ())]) == [[]]


def test_what_ended_a_sample_is_told(model: NanoModel) -> None:
    whole = model.sample([job(6)])[0][0]
    assert (whole.finish_reason, whole.stopped_by) == ("stop", "")
    cut = model.sample([job(6, stop=("never", "=", "\n"))])[0][0]
    assert cut.stopped_by == min("=\n", key=whole.text.index)
    never = model.sample([job(6, stop=("never",))])[0][0]
    assert (never.text, never.stopped_by) == (whole.text, "")
