"""Who may answer, what a request may change, and pieces that are the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.answering import serve_recipe
from ttc.answering.policies import best, chooser, choosers, needs_gold
from ttc.answering.question import Question, of_chat
from ttc.answering.replies import _pieces
from ttc.answering.variants import Variants
from ttc.errors import UsageError
from ttc.policies import PolicyPart
from ttc.recipe import load_recipe
from ttc.registry import parts
from ttc.serve.errors import ApiError


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    return load_recipe("quickstart", [f"results={tmp_path_factory.mktemp('none')}"])


def test_of_all_policies_only_the_oracle_needs_gold():
    found = [name for name, cls in parts("policy").items() if cls.picks is not PolicyPart.picks]
    assert "oracle" in found
    made = {name: cls() for name, cls in parts("policy").items() if not _lacks(cls)}
    assert [name for name, one in made.items() if needs_gold(one)] == ["oracle"]


def _lacks(cls):
    return any(info.is_required() for info in cls.model_fields.values())


def test_a_policy_that_looks_at_gold_is_known_whatever_it_is_called(own_parts, quickstart):
    from typing import Literal

    class Peek(PolicyPart):
        """Looks."""

        type: Literal["peek"] = "peek"

        def picks(self, drawn, right):
            return next(iter(right), -1)

    own_parts(Peek)
    with pytest.raises(UsageError, match="'peek' looks at the gold answer"):
        chooser(quickstart, "peek")


def test_names_of_choosers(quickstart):
    assert [one.name for one in choosers(quickstart)] == [
        "first",
        "majority",
        "weighted_majority",
        "best_of_n",
    ]
    assert best(quickstart)[0].name == "weighted_majority"
    assert chooser(quickstart, "maj@k").name == "majority"
    assert chooser(quickstart, "pessimistic").verifier == "genrm"
    with pytest.raises(UsageError, match="looks at the gold answer"):
        chooser(quickstart, "coverage")
    two = load_recipe(
        "quickstart",
        ["verifiers.1={type: genrm, name: other, prompt: nano-genrm, verifications: 2}"],
    )
    names = [one.name for one in choosers(two)]
    assert "best_of_n@genrm" in names
    assert "best_of_n@other" in names
    assert chooser(two, "best_of_n@other").verifier == "other"
    assert chooser(two, "best_of_n").verifier == "genrm"


def test_variants_have_what_is_asked_and_ask_whom_it_needs(quickstart):
    variants = Variants(quickstart, best(quickstart)[0])
    usual = variants.of(Question("?", "quickstart"))
    assert (usual.chooser.name, usual.kept) == ("weighted_majority", (0,))
    voted = variants.of(Question("?", "quickstart:majority"))
    assert (voted.kept, voted.recipe.verifiers) == ((), ())
    few = variants.of(
        Question(
            "?",
            "quickstart",
            changes={"solutions": 4, "verifications": 2, "temperature": 0.3, "stop": ["x"]},
        )
    )
    sampler = few.recipe.sampler
    assert (sampler.solutions, sampler.temperature, sampler.stop) == (4, 0.3, ("x",))
    assert few.recipe.verifiers[0].verifications == 2
    assert variants.of(Question("?", "quickstart")) is usual
    every = Variants(quickstart, best(quickstart)[0], all_verifiers=True)
    assert every.of(Question("?", "quickstart:majority")).kept == (0,)


def test_methods_inside_methods_are_changed_where_they_draw():
    recipe = load_recipe("samplers/adaptive_consistency")
    variants = Variants(recipe, best(recipe)[0])
    made = variants.of(
        Question("?", recipe.name, changes={"solutions": 5, "max_tokens": 40, "top_p": 0.5})
    )
    sampler = made.recipe.sampler
    assert (sampler.most, sampler.draw.max_tokens, sampler.draw.top_p) == (5, 40, 0.5)
    beam = load_recipe("samplers/beam")
    with pytest.raises(ApiError, match=r"solutions: the sampler of this recipe \(beam\) has no"):
        Variants(beam, best(beam)[0]).of(Question("?", beam.name, changes={"solutions": 2}))


def test_a_model_and_a_policy_that_disagree(quickstart):
    variants = Variants(quickstart, best(quickstart)[0])
    with pytest.raises(ApiError, match="another"):
        variants.of(Question("?", "quickstart:majority", policy="first"))


def test_text_parts_are_one_question():
    parts_ = [{"type": "text", "text": "How"}, {"type": "text", "text": " many?"}]
    asked = of_chat({"model": "m", "messages": [{"role": "user", "content": parts_}]})
    assert asked.text == "How many?"


@given(st.text(alphabet=st.sampled_from("ab \n"), max_size=600))
def test_pieces_are_the_text(text):
    pieces = list(_pieces(text))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 80 for piece in pieces)


def test_a_recipe_of_batches_is_not_served():
    backend = '{type: openai, model: m, base_url: "http://127.0.0.1:9/v1", mode: batch}'
    recipe = load_recipe("quickstart", [f"backend={backend}"])
    with pytest.raises(UsageError, match="mode: now"):
        serve_recipe(recipe, port=0)
