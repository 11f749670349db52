"""The columns of the tables that analyses of runs write."""

from ttc.store.column import Column

_METHOD = (
    Column("run", "label", "Run, or runs joined by ` + ` where they were pooled."),
    Column("policy", "label", "Selection policy."),
    Column("verifier", "label", "Verifier the policy reads; null where it reads none.", "", True),
)
_COST_UNIT = Column("cost_unit", "label", "Unit of the compute axis: c, tokens, flops, usd ...")

FITS = (
    *_METHOD,
    _COST_UNIT,
    Column("quantity", "label", "Name of the figure."),
    Column("meaning", "label", "What the figure is."),
    Column("at", "float", "Multiple or k that the figure is about, else null.", "", True),
    Column("unit", "label", "Unit of estimate and interval; `cost` stands for cost_unit."),
    Column(
        "estimate",
        "float",
        "Estimate; null if it can't be told, infinite if never reached.",
        "see unit",
        True,
    ),
    Column(
        "low",
        "float",
        "Lower end of the interval over problems; null if it can't be told.",
        "see unit",
        True,
    ),
    Column(
        "high",
        "float",
        "Upper end of the interval over problems; null if it can't be told.",
        "see unit",
        True,
    ),
    Column("interval_level", "float", "Level of the interval.", "probability"),
    Column("known", "float", "Share of resamples in which the figure could be told.", "share"),
    Column("n_problems", "int", "Problems averaged.", "problems"),
)

ALLOCATION = (
    *_METHOD,
    _COST_UNIT,
    Column(
        "procedure",
        "label",
        "grid: best measured cells; spline, law: optimum between cells; voting: majority vote.",
    ),
    Column("cost", "float", "Budget per problem.", "see cost_unit"),
    Column("best_S", "float", "Best S; whole for grid and voting.", "solutions"),
    Column("best_V", "float", "Best V; whole for grid and voting.", "verifications"),
    Column("success", "float", "Success there.", "probability"),
)

_OF_VERIFIER = Column("verifier", "label", "Verifier that is judged; `+` joins several.")
_INTERVAL = (
    Column(
        "low",
        "float",
        "Lower end of its interval over problems; null if it can't be told.",
        "",
        True,
    ),
    Column(
        "high",
        "float",
        "Upper end of its interval over problems; null if it can't be told.",
        "",
        True,
    ),
)

VERIFIER_METRICS = (
    _OF_VERIFIER,
    Column(
        "by",
        "label",
        "What groups are made by: difficulty, length, level, a key of metadata; attack; or all.",
    ),
    Column("group", "label", "The group; `all` for all solutions."),
    Column("quantity", "label", "Name of the figure."),
    Column("meaning", "label", "What the figure is."),
    Column(
        "at",
        "float",
        "What the figure is at: P_target of a detection cost, V, S, a quantile, bins; else null.",
        "",
        True,
    ),
    Column(
        "estimate",
        "float",
        "Estimate; null if it can't be told, infinite where nothing flips a choice.",
        "",
        True,
    ),
    *_INTERVAL,
    Column(
        "gap",
        "float",
        "Estimate less that of all solutions outside the group; null where there is none.",
        "",
        True,
    ),
    Column("gap_low", "float", "Lower end of the gap's interval; null likewise.", "", True),
    Column("gap_high", "float", "Upper end of the gap's interval; null likewise.", "", True),
    Column("interval_level", "float", "Level of the intervals.", "probability"),
    Column("n_problems", "int", "Problems with such solutions.", "problems"),
    Column("solutions", "int", "Solutions that the figure is about.", "solutions"),
)

VERIFIER_CURVES = (
    _OF_VERIFIER,
    Column(
        "curve",
        "label",
        "roc, precision_recall, reliability, verifications, false_positives or margin.",
    ),
    Column("series", "label", "Which line of it."),
    Column("x", "float", "Where: a rate, recall, mean score, V, S, or a margin; see `series`."),
    Column("y", "float", "The value there; null if it can't be told.", "", True),
    *_INTERVAL,
    Column(
        "threshold",
        "float",
        "Score from which solutions are accepted at this point; null for other curves.",
        "",
        True,
    ),
    Column(
        "solutions",
        "int",
        "Solutions that the point is about; of false positives and margins, problems.",
        "solutions",
    ),
)

_METHOD_NAME = Column(
    "method",
    "label",
    "A recipe by what differs in it, and whose choice: vote, a verifier, a policy.",
)
_BASELINE = Column("baseline", "label", "The method that it is compared with.")
_BUDGET = Column(
    "budget", "float", "What may be spent per problem; null at equal S.", "see cost_unit", True
)
_SAMPLES = Column(
    "at_samples", "int", "S at which methods are compared whatever they cost; else null.", "", True
)
_TESTED = "null of the baseline, and at budgets that are not stated"

COMPARISON = (
    _METHOD_NAME,
    _BASELINE,
    _BUDGET,
    _SAMPLES,
    _COST_UNIT,
    Column("policy", "label", "What chooses best there."),
    Column("S", "int", "Solutions of that choice; null for measured answers.", "solutions", True),
    Column(
        "V",
        "int",
        "Verifications of each solution; 0 of the vote, null for measured answers.",
        "verifications",
        True,
    ),
    Column(
        "cost",
        "float",
        "Mean compute per problem of that choice; null where unknown.",
        "see cost_unit",
        True,
    ),
    Column("calls", "float", "Mean calls of models and programs per problem.", "calls"),
    Column("success", "float", "Success expected on other problems, out of bag.", "probability"),
    Column("ci_low", "float", "Low end of its interval.", "probability"),
    Column("ci_high", "float", "High end of its interval.", "probability"),
    Column(
        "ahead",
        "float",
        "What it succeeds more often than the baseline there; null of the baseline itself.",
        "probability",
        True,
    ),
    Column("ahead_low", "float", "Low end of its interval; null likewise.", "probability", True),
    Column("ahead_high", "float", "High end of its interval; null likewise.", "probability", True),
    Column(
        "p",
        "float",
        f"Of a paired t test against the baseline, adjusted (Holm); {_TESTED}.",
        "",
        True,
    ),
    Column(
        "p_flips",
        "float",
        "Of a permutation test (signs of problems' differences), adjusted (Holm); null likewise.",
        "",
        True,
    ),
    Column("p_flips_single", "float", "The same, not adjusted; null likewise.", "", True),
    Column(
        "finding",
        "label",
        "better, worse or undecided: what both tests and the interval agree on; null likewise.",
        "",
        True,
    ),
    Column(
        "detectable",
        "float",
        "The difference that so many problems find with 80 % power after adjusting; null likewise.",
        "probability",
        True,
    ),
    Column(
        "problems_won",
        "int",
        "Problems that it solves and the baseline doesn't; null of it.",
        "problems",
        True,
    ),
    Column("problems_lost", "int", "The other way round; null likewise.", "problems", True),
    Column(
        "pool_ends",
        "bool",
        "Whether its samples end below this budget, where more of them still helped.",
    ),
    Column("stated", "bool", "Whether the budget was asked for, or is one of the tables'."),
)

FLIPS = (
    _METHOD_NAME,
    _BASELINE,
    _BUDGET,
    _SAMPLES,
    Column("problem_id", "label", "A problem that one side solves and the other doesn't."),
    Column("baseline_success", "float", "Success of the baseline on it.", "probability"),
    Column("success", "float", "Success of the method on it.", "probability"),
    Column("show_baseline", "text", "The command that shows it in the baseline's run."),
    Column("show", "text", "The command that shows it in the method's run."),
)


def _with_ends(name: str, text: str, nobody: str) -> tuple[Column, ...]:
    """A figure and the ends of its interval over problems. nobody: which rows have none."""
    return (
        Column(name, "float", f"{text}; null {nobody}.", "probability", True),
        Column(f"{name}_low", "float", "Low end of its interval; null likewise.", "", True),
        Column(f"{name}_high", "float", "High end of its interval; null likewise.", "", True),
    )


_OF_NO_RULE = "of the full vote and of clairvoyants"

ADAPTATION = (
    Column("rule", "label", "The rule that stops, or what it is measured against."),
    Column(
        "kind",
        "label",
        "vote: of all solutions; settled: clairvoyant stop; rule: as given; "
        "tuned or calibrated: on other problems of the run.",
    ),
    Column(
        "unit",
        "label",
        "What it stops, and what samples and over count: solutions of a problem, or verdicts of "
        "each solution, where the full vote is the choice by all verdicts; null in older files, of "
        "solutions.",
        "",
        True,
    ),
    Column("policy", "label", f"The rule for a recipe, as JSON; null {_OF_NO_RULE}.", "", True),
    Column("samples", "float", "Mean solutions drawn per problem, or verdicts per solution.", ""),
    Column(
        "tokens", "float", "Mean tokens of these, with prompts; null if unknown.", "tokens", True
    ),
    Column(
        "over",
        "float",
        "Mean samples beyond the one from which on the vote stays what that of all is.",
        "",
    ),
    Column(
        "withheld", "float", "How often it gives no answer, which counts as wrong.", "probability"
    ),
    *_with_ends(
        "success",
        "Success, on problems that nothing was tuned on",
        "where fewer than three problems tell no interval",
    ),
    *_with_ends(
        "saved",
        "Share of the full vote's tokens saved; of its solutions, where tokens are unknown",
        _OF_NO_RULE,
    ),
    *_with_ends("lost", "Success of the full vote less its own, paired", _OF_NO_RULE),
    *_with_ends(
        "ahead",
        "Its success less that of the vote with the same number of solutions for "
        "each problem, paired",
        _OF_NO_RULE,
    ),
    *_with_ends(
        "regret",
        "What it succeeds less often than who knows each problem's success at "
        "any number of solutions, and deals out as many on average",
        _OF_NO_RULE,
    ),
    Column("n_problems", "int", "Problems averaged.", "problems"),
)
