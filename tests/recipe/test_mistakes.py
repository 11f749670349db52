"""Exact messages: where, which key, what to mend. Every text here stands after `dataset: nano`."""

import pytest

from ttc.prompts import shipped
from ttc.registry import parts
from ttc.words import nearest

TABLE = {
    # keys and names
    "sampler:\n  type: independent\n  temprature: 1": (
        "r.yaml:4: sampler.temprature: unknown key; did you mean 'temperature'?"
    ),
    "verifier: genrm": "r.yaml:2: verifier: unknown key; did you mean 'verifiers'?",
    "sampler: indepedent": (
        "r.yaml:2: sampler: no sampler is called 'indepedent'; did you mean 'independent'?"
    ),
    "verifiers:\n- type: genrm\n  backend: nanoo": (
        "r.yaml:4: verifiers[0].backend: no backend is called 'nanoo'; did you mean 'nano'?"
    ),
    "verifiers:\n- type: genrm\n  backend: {type: nano, modle: x}": (
        "r.yaml:4: verifiers[0].backend.modle: unknown key; did you mean 'model'?"
    ),
    "backend: {type: nano, model: nano-slover}": (
        "r.yaml:2: backend.model: no nano model is called 'nano-slover'; "
        "did you mean 'nano-solver'?"
    ),
    "budget: {per_problem: {token: 5}}": (
        "r.yaml:2: budget.per_problem.token: unknown key; did you mean 'tokens'?"
    ),
    "answers: {equivalence: maths}": (
        "r.yaml:2: answers.equivalence: 'maths' is not one of 'math', 'science', 'numeric', "
        "'string', 'choice', 'code' or 'scored'; did you mean 'math'?"
    ),
    "policies: [first, mayority]": (
        "r.yaml:2: policies[1]: no policy is called 'mayority'; did you mean 'majority'?"
    ),
    # types and sizes
    "sampler: {temperature: 1}": (
        "r.yaml:2: sampler.type: missing: which sampler? One of "
        + ", ".join(sorted(parts("sampler")))
    ),
    "sampler: 3": (
        "r.yaml:2: sampler: must be the name of a sampler or a mapping with a 'type', not 3"
    ),
    "sampler:\n  type: independent\n  solutions: many\n  temperature: -1": (
        "r.yaml:4: sampler.solutions: must be a whole number, not 'many'\n"
        "r.yaml:5: sampler.temperature: must be at least 0, not -1"
    ),
    "sampler: {type: independent, temperature: .inf}": (
        "r.yaml:2: sampler.temperature: '.inf' is not a finite number"
    ),
    "seed: -1": "r.yaml:2: seed: must be at least 0, not -1",
    "seed: true": "r.yaml:2: seed: must be a number, not true",
    "description: 5": "r.yaml:2: description: must be a text, not 5; quote it",
    "name: a/b": "r.yaml:2: name: 'a/b' does not have the form ^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "results:": "r.yaml:2: results: must be a text, not empty",
    "policies: first": "r.yaml:2: policies: must be a list, not 'first'",
    "policies: []": "r.yaml:2: policies: needs at least 1 entry",
    "grid: {solutions: [1, 0]}": "r.yaml:2: grid.solutions[0]: must be at least 1, not 0",
    "budget: {per_problem: {tokens: -5}}": (
        "r.yaml:2: budget.per_problem.tokens: must be above 0 or a list, not -5"
    ),
    "budget: {per_problem: {usd: [0.1, 0]}}": (
        "r.yaml:2: budget.per_problem.usd[1]: must be above 0, not 0"
    ),
    "budget: {per_problem: {tokens: []}}": (
        "r.yaml:2: budget.per_problem.tokens: needs at least 1 entry"
    ),
    "grid: {solutions: powers}": (
        "r.yaml:2: grid.solutions: must be 'powers_of_two' or a list, not 'powers'; "
        "did you mean 'powers_of_two'?"
    ),
    "cost: {lambda: x}": "r.yaml:2: cost.lambda: must be 'measured' or a number, not 'x'",
    "cost: {prices: {prompt_per_million: 1}}": (
        "r.yaml:2: cost.prices.completion_per_million: missing"
    ),
    "answers: {extract: [{regex: '('}]}": (
        "r.yaml:2: answers.extract[0].regex: not a regular expression: missing ) at position 1"
    ),
    # combinations
    "grid: {solutions: [1, 64]}": (
        "r.yaml:2: grid.solutions: 64 solutions are more than the sampler draws (16)"
    ),
    "grid: {verifications: [2]}": (
        "r.yaml:2: grid.verifications: there is no verifier whose verifications to count"
    ),
    "verifiers: [{type: genrm, prompt: nano-genrm}]\ngrid: {verifications: [9]}": (
        "r.yaml:3: grid.verifications: 9 verifications are more than any verifier makes (at most 8)"
    ),
    "verifiers:\n- {type: genrm, prompt: nano-genrm, solutions: 99}": (
        "r.yaml:3: verifiers[0].solutions: 99 solutions are more than the sampler draws (16)"
    ),
    "verifiers:\n- {type: genrm, prompt: nano-genrm}\n- {type: genrm, prompt: nano-genrm}": (
        "r.yaml:4: verifiers[1]: two verifiers are called 'genrm'; give each a 'name' of its own"
    ),
    "policies: [first, first]": (
        "r.yaml:2: policies[1]: two policies are called 'first'; once is enough"
    ),
    "policies: [first, best_of_n]": (
        "r.yaml:2: policies[1]: 'best_of_n' needs verifications, but the recipe has no verifiers"
    ),
    "sampler: {type: independent, prompt: nano-solvr}": (
        "r.yaml:2: sampler.prompt: no prompt is called 'nano-solvr', and there is no such file; "
        "did you mean 'nano-solver'?"
    ),
    "sampler: {type: independent, prompt: nano-genrm}": (
        "r.yaml:2: sampler.prompt: the prompt 'nano-genrm' uses {{ solution }}; "
        "offered here: choices, question, metadata.NAME"
    ),
    "sampler: {type: independent, prompt: .}": (
        "r.yaml:2: sampler.prompt: no prompt is called '.', and there is no such file; "
        f"{nearest('.', shipped()).removeprefix('; ').replace('known', 'shipped')}"
    ),
    "backend: {type: openai, model: m, base_urls: 'http://me:pw@host/v1'}": (
        "r.yaml:2: backend.base_urls: must be a list, not 'http://...@host/v1'"
    ),
    # YAML itself
    "seed: 1\nseed: 2": "r.yaml:3: seed: the key stands twice, first in line 2",
    "\tseed: 1": "r.yaml:2: not valid YAML: a tab stands where YAML wants spaces",
    "seed: *a": "r.yaml:2: not valid YAML: found undefined alias 'a'",
    "seed: &a [*a]": "r.yaml:2: an anchor that contains itself",
    "seed: !!python/name:os.system": (
        "r.yaml:2: seed: the YAML tag 'tag:yaml.org,2002:python/name:os.system' is not allowed here"
    ),
    "description: \x01": "r.yaml:2: a character that YAML does not allow",
    "date: 2020-01-01": "r.yaml:2: date: unknown key; did you mean 'dataset'?",
}


@pytest.mark.parametrize("text", TABLE)
def test_a_mistake_is_told_with_place_key_and_remedy(complaint, text):
    assert complaint(f"dataset: nano\n{text}\n") == TABLE[text]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "r.yaml: the recipe is empty; `ttc init` writes one to start from"),
        ("# nothing\n", "r.yaml: the recipe is empty; `ttc init` writes one to start from"),
        ("- a\n", "r.yaml:1: a recipe is a mapping of keys to values"),
        ("{}\n", "r.yaml:1: dataset: missing"),
        ("[" * 1000, "r.yaml: nested too deeply"),
        (
            "\n".join(
                f"{key}: &{key} [{', '.join([inner] * 10)}]"
                for key, inner in zip("abcdef", ("1", "*a", "*b", "*c", "*d", "*e"), strict=True)
            ),
            "r.yaml: more than 20000 values, with anchors written out",
        ),
        (
            "dataset: {type: nano, levels: [99]}",
            "r.yaml:1: dataset.levels: family 'arithmetic' has levels 1 to 6, not 99",
        ),
        (
            "dataset: {type: file, path: nope.csv}\nsampler: {type: independent, prompt: cot}",
            "r.yaml:1: dataset.path: no such file: nope.csv "
            "(looked beside the recipe and in the working folder)",
        ),
    ],
)
def test_a_text_that_is_no_recipe_at_all(complaint, text, why):
    assert complaint(text).splitlines()[0] == why


def test_all_mistakes_at_once_in_the_order_of_their_lines(complaint):
    text = (
        "sead: 1\ndataset: nanoo\nsampler: {type: independent, solutions: 0}\npolicies: [frist]\n"
    )
    lines = [line.split(": ")[0] for line in complaint(text).splitlines()]
    assert lines == ["r.yaml:1", "r.yaml:2", "r.yaml:3", "r.yaml:4"]


def test_mistakes_in_a_prompt_file_are_told_with_its_line(complaint, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("text: '{{ question }}'\nstopp: [a]\n")
    told = complaint(f"dataset: nano\nsampler: {{type: independent, prompt: '{path}'}}\n")
    assert f"{path}:2: stopp: unknown key; did you mean 'stop'?" in told
