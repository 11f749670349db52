"""Policies follow from the verifiers; what no policy reads is told before it is bought."""

from processes import ttc

from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.recipe.unread import unread
from ttc.store.run_log import read_log
from ttc.verifiers.genrm import GenRM

SMALL = """
name: small
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
sampler: {type: independent, solutions: 2, max_tokens: 32MORE}
"""
JUDGE = "backend: {type: nano, model: nano-verifier}, prompt: nano-genrm, max_tokens: 32"
VERIFIED = f"verifiers: [{{type: genrm, verifications: 2, score: binary, {JUDGE}}}]\n"


def labels(text):
    return [policy.label for policy in parse_recipe(text).policies]


def small(more=""):
    return SMALL.replace("MORE", more)


def test_policies_are_what_the_verifiers_are_for():
    assert labels(small()) == ["first", "majority", "oracle"]
    verified = ["first", "majority", "best_of_n", "weighted_majority", "pessimistic", "oracle"]
    assert labels(small() + VERIFIED) == verified
    assert labels(small() + VERIFIED + "policies: [majority]\n") == ["majority"]


def test_a_verifier_of_ones_own_says_what_reads_it(own_parts):
    class Steps(GenRM):
        """Judges steps."""

        type: str = "own_steps"
        read_by = ("best_of_n",)

    own_parts(Steps)
    text = small() + VERIFIED.replace("type: genrm", "type: own_steps")
    assert labels(text) == ["first", "majority", "best_of_n", "oracle"]


def test_what_is_read_is_no_news():
    assert unread(parse_recipe(small())) == []
    assert unread(parse_recipe(small() + VERIFIED)) == []


def test_verifications_that_no_policy_reads_are_told_before_they_are_bought(tmp_path):
    text = small() + VERIFIED + "policies: [majority, oracle]\n"
    (tmp_path / "small.yaml").write_text(text)
    said = "verifiers: no policy reads what genrm says, though it is paid for (2 verifications"
    planned = ttc(tmp_path, "plan", "small.yaml")
    assert said in " ".join(planned.stdout.split())
    done = ttc(tmp_path, "run", "small.yaml", "--plain")
    first = done.stderr.index(said)
    assert "add best_of_n or weighted_majority or pessimistic to policies" in done.stderr
    assert first < done.stderr.index("solver")
    plain = parse_recipe(text + f"results: {tmp_path}/results\n")
    (entry,) = [e for e in read_log(run_recipe(plain).run) if e["level"] == "warning"]
    assert entry["message"].startswith(said)
    # The samplers' tables are what they would be without.
    assert make_plan(plain, PlanRequest()).forecast.total.most_samples == 2 * (2 + 4)


def test_logprobs_that_no_policy_reads_are_told():
    (said,) = unread(parse_recipe(small(", logprobs: true")))
    assert said.startswith("sampler.logprobs: no policy reads confidences")
    adaptive = (
        "name: own\ndataset: nano\nsampler: {type: adaptive, rule: esc, draw: {logprobs: L}}\n"
    )
    assert unread(parse_recipe(adaptive.replace("L", "false"))) == []
