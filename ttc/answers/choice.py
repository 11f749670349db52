r"""Letters of multiple choice, A to J: read from an answer, or found in a text.

A letter counts where the text decides on it. The last announcement ("the answer is C", a box) wins
over what merely says that an option is right, that over a letter in bold or brackets, and that
over a text or a line that is an option by itself.
"""

import re
from collections.abc import Iterator

from ttc.answers.normalise import tidy
from ttc.answers.scan import last_match, matches_at

MAX_CHOICE_CHARS = 1000
ANSWER_WORDS = (
    r"答案|回答|答え|정답|respuesta|resposta|risposta|réponse|antwort|ответ|odpowiedź|cevap"
)

_AS_ANSWER = re.compile(
    r"(?:(?:the )?(?:correct )?(?:answer|option|choice)(?: is)? ?:? ?)?"
    r"(?:\\text ?\{ ?)?[(\[{*\"' ]*(?P<letter>[A-Ja-j])[)\]}*\"']*"
    r"(?:[):] ?.*|,(?! ?[(]?[A-Ja-j](?![A-Za-z])).*"
    r"|\.(?:[ }].*)?| \d.*|\\text\{.*| ?[-–—|=] ?.+|[.:]? ?)",
    re.IGNORECASE | re.DOTALL,
)
_COMMAND = (
    r"\\(?:text(?:bf|rm|it|sf)?|math(?:bf|rm|sf|it)|boxed|fbox|large|Large|bf|rm)(?![A-Za-z])"
)
_MARKS = rf"(?>(?:{_COMMAND}|\\[(\[,; ]|-+>|[\s*_`~\"'“”‘’(){{}}\[\]$|<>:：=→⇒是为為-]){{0,16}})"
_LINK_WORD = (
    r"(?:is|are|was|were|be|been|has|have|es|est|ist|would|should|must|will|can|could|may|might|seems?|appears?|to"
    r"|equals?|remains|becomes|therefore|thus|hence|then|so|indeed|likely|most|just|only|again|still"
    r"|now|rather|given|as|follows|option|choice|letter|answer|label|the|correct|best|right|one"
    r"|not [A-J],? but|[a-z]{2,12}ly)(?![A-Za-z])"
)
# A or I before a small word is an article or a pronoun, unless the word gives a reason.
_REASON = (
    r"(?:because|since|as|for|due|not|but|given|which|based|with|is|was|by|from|and(?!\s+[A-J]\b)"
    r"|according|via|in|rather|though|instead)"
)
_ARTICLE = rf"(?!(?<=[AI])\s+(?!{_REASON}(?![a-z]))[a-z])"
_MORE = r"(?!\s*(?:or|/|,|and)\s*\(?[A-J](?![\w'’]))"  # A or B, A/B: no decision
_LETTER = rf"(?P<letter>[A-J])(?![A-Za-z0-9'’+^²]|_[A-Za-z0-9{{]){_ARTICLE}{_MORE}"
_SMALL = (
    r"(?P<small>[a-j])(?=[)\]}*_\"'`$\\ ]{0,8}(?:[.,;:](?:\s|$)|\s*\n|\s*$|<))|\((?P<lower>[a-j])\)"
)
_ABOUT = r"(?:s?(?: (?:to|for|of|in)(?![A-Za-z])[^.\n:=?]{1,80}?(?<![A-Za-z])(?=is ))?)"
_ANNOUNCED = re.compile(
    rf"(?:(?<![A-Za-z])(?i:answer|(?:correct|best|right|final) (?:choice|option)"
    rf"|{ANSWER_WORDS})"
    rf"(?i:{_ABOUT})(?:{_MARKS}(?i:{_LINK_WORD})){{0,7}}"
    rf"|(?<![A-Za-z])(?i:option|choice|alternative|selection|conclusion)"
    rf"(?=\s+(?i:is|must|should|would|has))"
    rf"(?:{_MARKS}(?i:{_LINK_WORD})){{1,7}}){_MARKS}(?<![A-Za-z])(?:{_LETTER}|{_SMALL})"
)
_KEYS = (
    *("answer", "correct", "best", "right", "final", "option", "choice", "alternative"),
    *("selection", "conclusion", *ANSWER_WORDS.split("|")),
)
_DECIDED = re.compile(
    rf"(?:(?<![A-Za-z])(?i:must be|should be|it is|it's|so|thus|therefore|hence|chose"
    rf"|choos(?:e|ing)|select(?:ed|ing)?|pick(?:ed|ing)?|go(?:ing)? with|final|conclude)"
    rf"(?:,?{_MARKS}(?i:{_LINK_WORD})){{0,4}},?{_MARKS}(?<![A-Za-z])"
    rf"{_LETTER}(?=[)\]}}*_\"'`$\\ ]{{0,8}}(?:[.,;:!]|\s*\n|\s*$)))"
    r"|(?<![\w'’])(?P<right>[A-J])(?:[)\]}*_\"'`$]{0,6}|[).:]{1,2} [^.,;\nA-J]{0,60}?)"
    r"\s(?:is|was|must be|seems|appears)(?: to be)?"
    r" (?:therefore |thus |clearly |indeed |definitely |also )?(?:the |an? )?"
    r"(?:most |best |only |single )?"
    r"(?:likely |accurate |appropriate |logical )?(?:correct|right|best|true|answer)(?![A-Za-z])"
)
_MARKED = re.compile(
    r"\((?P<paren>[A-J])\)|\*\*\(?(?P<bold>[A-J])(?:[.):]{0,2}|[.):] [^*\n]{1,200})\*\*"
)
_LABELLED = re.compile(r"[ \t]*[(\[*]{0,3}[A-J][.):\]]")
_ALONE = re.compile(r"^[ \t>*]{0,9}(?P<letter>[A-J])[.):]?[ \t*]{0,9}$", re.MULTILINE)


def as_choice(answer: str) -> str | None:
    r"""The letter that an answer is: `C`, `(c)`, `C. Paris`, `\text{(C)}`; None if it is none."""
    if len(answer) > MAX_CHOICE_CHARS:
        return None
    match = _AS_ANSWER.fullmatch(tidy(answer))
    return match["letter"].upper() if match else None


def find_choice(text: str, boxes: Iterator[tuple[int, str]]) -> str | None:
    """The letter a text decides on. boxes: (position, content) of the text's boxes, last first."""
    announced = next(matches_at(_ANNOUNCED, text, _KEYS), None)
    for position, content in boxes:
        if letter := as_choice(content):
            if announced is None or position > announced.start():
                return letter
            break
    for pattern in (None, _DECIDED, _MARKED):
        if match := last_match(pattern, text) if pattern else announced:
            return next(group for group in match.groups() if group).upper()
    labelled = [line for line in text.strip().splitlines() if _LABELLED.match(line)]
    if len(labelled) == 1 and text.strip().startswith(labelled[0]):
        return as_choice(labelled[0])
    if "\n" not in text.strip() and (letter := as_choice(text)):
        return letter
    alone = last_match(_ALONE, text)
    return alone["letter"] if alone else None
