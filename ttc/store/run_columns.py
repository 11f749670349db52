"""The columns of the tables that a run writes."""

from ttc.store.column import Column

_PROBLEM_ID = Column("problem_id", "label", "Identifier of the problem, as in the data set.")
_SOLUTION_INDEX = Column(
    "solution_index", "int", "Number of the solution within its problem, from 0."
)
_PROMPT_TOKENS = Column(
    "prompt_tokens",
    "int",
    "Length of the full prompt, even where samples of one problem share it.",
    "tokens",
)
_COMPLETION_TOKENS = Column("completion_tokens", "int", "Tokens sampled.", "tokens")
_FINISH_REASON = Column(
    "finish_reason",
    "label",
    "Why sampling ended: stop, length, content_filter, or the failure's name.",
)
_SECONDS = Column("seconds", "float", "Wall-clock time of the call's share.", "seconds")

PROBLEMS = (
    Column("problem_id", "text", "Identifier of the problem, as in the data set; unique."),
    Column("problem_index", "int", "Place of the problem in the run, from 0."),
    Column("question", "text", "The question as posed."),
    Column("choices", "texts", "Option texts of a choice question in order A, B, C ...; or empty."),
    Column("gold_answer", "text", "The right answer, as in the data set."),
    Column(
        "gold_class",
        "int",
        "Answer class of the gold answer; -1 where no solution gave it.",
    ),
    Column(
        "n_solutions", "int", "Solutions of this problem that its method returned.", "solutions"
    ),
    Column("n_verifications", "int", "Verifications of this problem in the run.", "verifications"),
    Column("n_classes", "int", "Distinct valid answers among these solutions.", "classes"),
    Column("level", "int", "Difficulty level where the data set has one, else null.", "", True),
    Column("metadata", "text", "What else the data set says of the problem, as a JSON object."),
)

SOLUTIONS = (
    _PROBLEM_ID,
    _SOLUTION_INDEX,
    Column("answer", "text", "Extracted answer; null where none was found.", "", True),
    Column(
        "answer_class",
        "int",
        "Class of equivalent answers within the problem, from 0; -1 for an invalid answer.",
    ),
    Column(
        "correct", "bool", "Whether the answer is equivalent to the gold answer (our judgement)."
    ),
    Column(
        "imported_correct",
        "bool",
        "Label that came with imported data; null where there was none.",
        "",
        True,
    ),
    _PROMPT_TOKENS,
    _COMPLETION_TOKENS,
    _FINISH_REASON,
    Column(
        "mean_logprob",
        "float",
        "Mean log probability of the completion's tokens; null where not asked for.",
        "nats/token",
        True,
    ),
    _SECONDS,
    Column("steps", "texts", "The solution's steps where the method knows them, else empty."),
    Column("text", "text", "The solution as sampled."),
    Column(
        "repeat",
        "int",
        "Number of the attempt at the problem that gave it, from 0; null in older tables.",
        "",
        True,
        later=True,
    ),
    Column(
        "first_sample",
        "int",
        "First of the samples that it is made of; null where that is not known.",
        "",
        True,
        later=True,
    ),
    Column("last_sample", "int", "Last of them; null likewise.", "", True, later=True),
    Column(
        "returned",
        "bool",
        "Whether the method gave it in the end, so that policies choose of it; false: it answered "
        "with it, or had it judged, on the way; null, as in older tables, counts as true.",
        "",
        True,
        later=True,
    ),
    Column(
        "gold_first_wrong_step",
        "int",
        "First wrong step by a label that came with the data, from 0; -1: no step is wrong; null: "
        "not labelled.",
        "",
        True,
        later=True,
    ),
    Column(
        "gold_score",
        "float",
        "Score of the answer in [0, 1] by the data set's own checker; null where there is none.",
        "",
        True,
        later=True,
    ),
)

VERIFICATIONS = (
    _PROBLEM_ID,
    _SOLUTION_INDEX,
    Column(
        "verification_index",
        "int",
        "Number of the verification within solution and verifier, from 0.",
    ),
    Column("verifier", "label", "Name of the verifier in the recipe."),
    Column(
        "verdict", "bool", "True: correct, false: incorrect, null: none could be read.", "", True
    ),
    Column(
        "p_yes", "float", "P(Yes) from token probabilities; null if unknown.", "probability", True
    ),
    Column("score", "float", "What policies use, in [0, 1]; null if invalid.", "probability", True),
    _PROMPT_TOKENS,
    _COMPLETION_TOKENS,
    _FINISH_REASON,
    Column(
        "step_scores",
        "floats",
        "Probability of correctness by step where the method gives it, else empty.",
        "probability",
    ),
    _SECONDS,
    Column("text", "text", "The verification as sampled."),
    Column(
        "first_wrong_step",
        "int",
        "First step that it finds wrong, from 0; null where it names none.",
        "",
        True,
        later=True,
    ),
    Column(
        "of",
        "int",
        "Of a verification of a verification: the verification_index of that one, by the verifier "
        "that the one before the `/` holds; else null.",
        "",
        True,
        later=True,
    ),
    Column(
        "against",
        "int",
        "Of a comparison: the solution_index of the other solution, over which `score` is the "
        "probability that this one is better; else null.",
        "",
        True,
        later=True,
    ),
    Column(
        "raw_score",
        "float",
        "The measure in its own unit, where `score` is a squashed form of it; else null.",
        "",
        True,
        later=True,
    ),
)

_REPEAT = Column("repeat", "int", "Number of the attempt at the problem, from 0.")
_BRANCH = Column(
    "branch", "label", "Where the attempt was split: `0.1` is the second branch of the first."
)

SAMPLES = (
    _PROBLEM_ID,
    _REPEAT,
    _BRANCH,
    Column(
        "number",
        "int",
        "Place among the attempt's samples, from 0, as if branches came one after the other.",
    ),
    Column("role", "label", "Who was asked: solver, verifier, draft, critic, reward ..."),
    Column("after", "int", "Number of the sample that it continues, else null.", "", True),
    _PROMPT_TOKENS,
    Column(
        "cached_tokens",
        "int",
        "Of these, what does not count: the attempt has had it computed before.",
        "tokens",
    ),
    _COMPLETION_TOKENS,
    Column("flops", "float", "Compute that counts for it; null if unknown.", "FLOPs", True),
    Column("usd", "float", "Price that counts for it; null if unknown.", "USD", True),
    Column("requests", "int", "Requests it took; 0 where it came with another's.", "requests"),
    Column("seconds", "float", "Wall-clock time of its request's share.", "seconds"),
    _FINISH_REASON,
    Column(
        "stopped_by",
        "text",
        "Text that ended it; empty for the end of text, null where the backend does not say.",
        "",
        True,
    ),
    Column("score", "float", "What a reading gave, else null.", "", True),
    Column(
        "verifier",
        "label",
        "The recipe's verifier for which it was drawn; null where it is the sampler's.",
        "",
        True,
        later=True,
    ),
    Column(
        "fate",
        "label",
        "kept: part of a stored solution; judged: a judgement or reading; else discarded.",
    ),
    Column(
        "wave",
        "int",
        "Which request of its branch it came of, from 0: what is asked together is one, and the "
        "next is asked when all of it is there; null in older tables.",
        "",
        True,
        later=True,
    ),
    Column(
        "rounds",
        "int",
        "Where a smaller network drafted its tokens: passes of the target over drafts; else null.",
        "passes",
        True,
        later=True,
    ),
    Column(
        "drafted", "int", "Tokens that were drafted; null likewise.", "tokens", True, later=True
    ),
    Column(
        "accepted",
        "int",
        "Of these, those that the sample has; the others count as tokens, too; null likewise.",
        "tokens",
        True,
        later=True,
    ),
    Column(
        "draft_flops",
        "float",
        "Of its FLOPs, the draft's, without those for the prompt; null likewise.",
        "FLOPs",
        True,
        later=True,
    ),
    Column(
        "discarded_flops",
        "float",
        "Of its FLOPs, the target's for drafts that were discarded; null likewise.",
        "FLOPs",
        True,
        later=True,
    ),
)

ANSWERS = (
    _PROBLEM_ID,
    _REPEAT,
    _BRANCH,
    Column(
        "number", "int", "Place among the attempt's answers, from 0, in the order of its samples."
    ),
    _SOLUTION_INDEX,
    Column("answer_class", "int", "Its class of equivalent answers; -1 for an invalid answer."),
    Column("correct", "bool", "Whether the answer is right."),
    Column("final", "bool", "Whether the attempt gave no later one."),
    Column(
        "prompt_tokens",
        "int",
        "Prompt tokens counted by then; as all costs here, with those of branches before its own.",
        "tokens",
    ),
    Column(
        "completion_tokens",
        "int",
        "Tokens sampled by then, drafts that were discarded among them.",
        "tokens",
    ),
    Column("flops", "float", "Compute by then; null if unknown.", "FLOPs", True),
    Column("usd", "float", "Price by then; null if unknown.", "USD", True),
    Column("calls", "float", "Samples by then.", "calls"),
    Column("seconds", "float", "Time of all calls by then, one after another.", "seconds"),
    Column("latency", "float", "Time by then along the longest branch.", "seconds"),
)

CURVES = (
    Column(
        "policy",
        "label",
        "Label of the selection policy: its name, or type and parameters; `answer`: what the "
        "sampler itself answers.",
    ),
    Column("verifier", "label", "Verifier the policy reads; null where it reads none.", "", True),
    Column(
        "S",
        "int",
        "Solutions per problem; of a rule that stops, the most; null for measured answers.",
        "solutions",
        True,
    ),
    Column(
        "V",
        "int",
        "Verifications per solution; 0 for none, null for measured answers.",
        "verifications",
        True,
    ),
    Column(
        "cap",
        "float",
        "Of measured answers: the limit at which each attempt is stopped; else null.",
        "tokens/problem",
        True,
        True,
    ),
    Column("cost_c", "float", "Compute C = S (1 + lambda V); null if unknown.", "solutions", True),
    Column("tokens", "float", "Prompt and completion tokens, mean per problem.", "tokens/problem"),
    Column("prompt_tokens", "float", "Prompt tokens, mean per problem.", "tokens/problem"),
    Column("completion_tokens", "float", "Completion tokens, mean per problem.", "tokens/problem"),
    Column("flops", "float", "Compute, mean per problem; null if unknown.", "FLOPs/problem", True),
    Column("usd", "float", "Price, mean per problem; null if unknown.", "USD/problem", True),
    Column(
        "cost_p10",
        "float",
        "Tokens that one in ten attempts stays below, over problems and orders; null where S is "
        "fixed.",
        "tokens/problem",
        True,
        True,
    ),
    Column(
        "cost_p90",
        "float",
        "Tokens that nine in ten attempts stay below, over problems and orders; null where S is "
        "fixed.",
        "tokens/problem",
        True,
        True,
    ),
    Column("calls", "float", "Samples drawn, mean per problem.", "calls/problem"),
    Column(
        "seconds",
        "float",
        "Wall-clock time of the calls, one after another, mean per problem; null if unknown.",
        "seconds/problem",
        True,
    ),
    Column(
        "latency",
        "float",
        "Of measured answers: time until the answer, along the longest branch, mean per problem; "
        "null where some attempt has no answer yet, and for others.",
        "seconds/problem",
        True,
        True,
    ),
    Column("success", "float", "Probability that the chosen answer is right.", "probability"),
    Column(
        "abstained",
        "float",
        "Probability that no answer is chosen, which counts as wrong in success; null where that "
        "was not counted.",
        "probability",
        True,
        True,
    ),
    Column("ci_low", "float", "Lower end of the 95 % interval over problems.", "probability", True),
    Column(
        "ci_high", "float", "Upper end of the 95 % interval over problems.", "probability", True
    ),
    Column(
        "mc_standard_error",
        "float",
        "Standard error caused by Monte-Carlo draws, or by repeats that differ; 0 where exact, "
        "null where problems were attempted once.",
        "probability",
        True,
    ),
    Column(
        "estimator",
        "label",
        "exact, monte_carlo, or measured: attempts as they were, stopped at `cap`.",
    ),
    Column("n_problems", "int", "Problems averaged.", "problems"),
    Column(
        "n_left_out",
        "int",
        "Problems of the run that are not in the average: the budget ended before their first "
        "solution or, where policies read verifications, before their first verification; or some "
        "policy was tuned on them.",
        "problems",
    ),
)
