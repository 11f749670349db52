"""Pairs of answers that two public graders judged; where we differ, who is right."""

from collections import Counter

from pools_reading import reader

# What the labels say, and we do not, by (gold, answer) as read: who is right, one by one.
LABEL_WRONG = "the label is wrong"
FINER = "the label knows no rounding"
OPEN = "the question would tell"
OURS_WRONG = "we are wrong"

POWERS = ("1e-8", "9e11", "2.45e6", "1.07e16", "1.325e-27", "3e8", "7.4e-12")
DECIDED = {
    # Equal values in other spellings: powers of ten, fractions, factors, conditions as intervals.
    **dict.fromkeys(POWERS, LABEL_WRONG),
    r"\frac{e^{-2t}}{15}+C_{1}e^{t}+C_{2}e^{-t}+C_{3}\cos(t)+C_{4}\sin(t)": LABEL_WRONG,
    r"\frac{4A}{3+3i}e^{it}": LABEL_WRONG,
    r"\frac{v_{0}}{r_{0}}\frac{1}{(1+r/r_{0})^{3/2}}": LABEL_WRONG,
    r"1\frac{4}{5}": LABEL_WRONG,
    r"f(x)=-\frac{2}{5}x+13": LABEL_WRONG,
    "f(x)=1": LABEL_WRONG,
    "5or9": LABEL_WRONG,
    r"x \ne - 2019": LABEL_WRONG,
    r"x \ne 1": LABEL_WRONG,
    "x > 0": LABEL_WRONG,
    "$9$": LABEL_WRONG,  # a line break within the formula
    r"$x \in [-2,7]$": LABEL_WRONG,  # -2 <= x <= 7
    # Different values that were called equal.
    "3,4": LABEL_WRONG,  # 34
    r"\frac{1}{3},1,\frac{1}{9}": LABEL_WRONG,  # the last is 1/27
    "10^{100},10^{1/100}": LABEL_WRONG,  # the first alone
    r"\frac{-1+\sqrt{5}}{2}": LABEL_WRONG,  # and its conjugate
    "100": LABEL_WRONG,  # 10000
    r"$1 - \frac{1}{\mathrm{e}}$": LABEL_WRONG,  # 1 + 1/e
    # The answer, rounded to three or more figures.
    "24.4": FINER,
    "20.39": FINER,
    r"6\frac{2}{3}": FINER,
    # Sets or parts of an answer in another order; a list or a point; one angle named or two.
    "7,14,18": OPEN,
    "-1,2,-2": OPEN,
    "-6,-8,-10": OPEN,
    r"(1,0),(\frac{1}{100},-8),(100,8)": OPEN,
    "10^{3},10": OPEN,
    "f(n)=n,(n)=1": OPEN,
    r"\angleBEA_{1}=90,\angleAEB_{1}=90": OPEN,
    r"(\begin{pmatrix}\frac{1}{3}\\ \frac{1}{5} \end{pmatrix})": OPEN,  # 0.33: two figures
    "$f(x)$": OPEN,  # f(y): stands there twice, with either label
    "": OPEN,  # two answers that are missing
    # A formula with a currency sign within: only its first part was read.
    "$10/9$": OURS_WRONG,
}


def judged(rows, equivalence):
    """(rows,) (gold as read, whether a rule calls the pair the same)."""
    rule, read = reader(equivalence)
    found = []
    for row in rows:
        gold, answer = (
            read(row[side]) if row["form"] == "text" else row[side] for side in ("gold", "pred")
        )
        found.append((gold, rule.equivalent(answer, gold)))
    return found


def test_every_difference_is_decided(pool, told):
    rows = pool("answer_equivalence_pairs")
    labels = [row["equivalent"] for row in rows]
    default, tools = judged(rows, "math"), judged(rows, "science")

    def share(verdicts):
        return sum(a == b for a, b in zip(verdicts, labels, strict=True)) / len(rows)

    alone, with_tools = ([same for _, same in one] for one in (default, tools))
    either = [a or b for a, b in zip(alone, with_tools, strict=True)]
    for name, verdicts in (
        ("the default rule", alone),
        ("either", either),
        ("science, which is both", with_tools),
    ):
        told(f"answer_equivalence_pairs: {name}", ">= 98 %", f"{share(verdicts):.2%}")
    differ = [gold for (gold, same), label in zip(tools, labels, strict=True) if same != label]
    assert set(differ) <= set(DECIDED), set(differ) - set(DECIDED)
    who = Counter(DECIDED[gold] for gold in differ)
    right = len(rows) - who[OPEN] - who[OURS_WRONG]
    told(
        "    of those that differ", str(len(differ)), ", ".join(f"{n} {w}" for w, n in who.items())
    )
    told("    right, by hand", "", f"{right / len(rows):.2%}")
    assert share(with_tools) > 0.97
    assert right / len(rows) > 0.99
