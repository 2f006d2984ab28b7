"""Where a text states its answer: "The answer is ...", as all our supervisions end, and what others write for it.

Statements in German, French, Spanish, Italian, Portuguese, Russian, Chinese, Japanese, Korean and the other languages of MGSM are
read like English ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PHRASE = re.compile(r"\b[Tt]he\s+(?:final\s+|correct\s+)?answer\s+is\s*:?")
_VERBS = r"(?:is|are|was|(?:would|could|will|should|must|might|may|seems\s+to)\s+be|remains|becomes)"
_ENGLISH = re.compile(
    r"\b(?:answers?|(?:best|correct|right|final)\s+(?:option|choice)s?)"
    r'(?:\s+(?:to|for)\s+(?:this|the|that|our|your)\s+(?:\w+\s+){0,2}?(?:question|problem)(?:\s+"[^"\n]{1,300}")?'
    r"|\s+(?:for|in)\s+\d{1,4})?"
    rf"\s*(?:\*\*|__|[\"'`])?\s*(?:{_VERBS}\b|isn[\u2019']t\b|:|=|-(?=\s))\s*:?"
    r"|^[ \t#*_>]*(?:final\s+)?answer[ \t*_:]*\n(?=\s*\S)"
    r"|\b(?:ans|choice|option\s+chosen|my\s+pick)[\"']?\s*[:=]",
    re.IGNORECASE | re.MULTILINE,
)
_ENGLISH_WORDS = ("answer", "option", "choice", "ans", "my pick")  # one of them is in every phrase
# Languages that group thousands by dots; the others below do not.
_DOTTED = (
    r"\b(?:richtige\s+|korrekte\s+)?(?:antwort|l\u00f6sung|ergebnis)\s*(?:ist|lautet|:)\s*:?"
    r"|\b(?:la\s+)?(?:respuesta|risposta|resposta)(?:\s+\w+){0,2}?\s*(?:es\b|\u00e8|\u00e9|:)\s*:?"
)
_OTHERS = re.compile(
    rf"{_DOTTED}"
    r"|\b(?:r\u00e9ponse|reponse)(?:\s+\w+){0,2}?\s*(?:(?:n['\u2019])?est\b(?:\s+pas\b)?|:)\s*:?"
    r"|\u043e\u0442\u0432\u0435\u0442\s*(?:[:\u2014=-]|\u044d\u0442\u043e)\s*"
    r"|(?:\u7b54\u6848|\u7b54\u3048|\u6b63\u89e3)\s*(?:\u5e94\u8be5|\u61c9\u8a72)?\s*(?:\u4e0d?\u662f|\u4e3a|\u70ba|\u306f|:)\s*:?|^\u7b54\s*:"
    r"|\u3010\u7b54\u6848\u3011\s*:?"
    # So (we) choose (option) B.
    r"|(?<![\u4e0d\u975e])(?:\u9009|\u9078)(?:\u62e9|\u64c7)?\s*:?\s*(?=[(\"\u201c]?\s*[A-J](?![A-Za-z]))"
    # Korean, Thai, Swahili, Bengali, Telugu, Hindi, Arabic: as MGSM's languages have it.
    r"|(?:\uc815\ub2f5|\ub2f5\ubcc0|\ub2f5)\s*(?:\uc740|\ub294|:)\s*|\u0e04\u0e33\u0e15\u0e2d\u0e1a\s*(?:\u0e04\u0e37\u0e2d|:)\s*"
    r"|\bjibu\s*(?:ni\b|:)\s*|\u0989\u09a4\u09cd\u09a4\u09b0\s*(?:\u09b9\u09b2\u09cb?|:)\s*|\u0c38\u0c2e\u0c3e\u0c27\u0c3e\u0c28\u0c02\s*:?\s*"
    r"|\u0909\u0924\u094d\u0924\u0930\s*(?:\u0939\u0948|:)?\s*|(?:\u0627\u0644\u062c\u0648\u0627\u0628|\u0627\u0644\u0625\u062c\u0627\u0628\u0629)\s*(?:\u0647\u0648|\u0647\u064a|:)?\s*",
    re.IGNORECASE | re.MULTILINE,
)
_GROUPS_BY_DOTS = re.compile(_DOTTED, re.IGNORECASE)
_OTHER_WORDS = ("antwort", "ergebnis", "respuesta", "reponse", "risposta", "resposta", "jibu")
# "La respuesta no es A", "Die Antwort ist nicht A", "\u7b54\u6848\u4e0d\u662fA".
_DENYING = re.compile(r"\b(?:no|non|n\u00e3o|nao)\b|\bn['\u2019]est|\u4e0d", re.IGNORECASE)
_DENIED = re.compile(r"(?:nicht|kein\w*|pas|\u043d\u0435|\u4e0d\u662f)\b\s*", re.IGNORECASE)
_DRESS = re.compile(r"(?:\s|\*\*|:|\\\[|\\\(|\$\$|>)+")
MOST = 20  # statements that are looked at, from the last one
LONGEST = 1000  # characters of a statement

# "our answer is correct", "if the answer is 4", "I hope the answer is helpful": said of an answer, and no answer.
_REMARK = re.compile(
    r"\W{0,4}(?:(?:indeed|also|therefore|thus|now|really|quite|very|clearly|definitely|probably|fully|most|likely|in\s+fact)\s+)*"
    r"(?:(?:logically|mathematically|factually)\s+)?"
    r"(?:verified|consistent|helpful|unclear|clear|unique|reasonable|valid|confirmed|checked|sound|plausible|acceptable|useful|complete"
    r"|simplified|in\s+(?:its\s+)?(?:simplest|lowest|reduced|the\s+form|terms|line)|less\s+than|greater\s+than|more\s+than|smaller\s+than"
    r"|better|worse|preferable|different\s+from|the\s+same\s+as|similar\s+to|larger\s+than|bigger\s+than|between\b|at\s+(?:least|most)|close\s+to|based\s+on|given\s+(?:by|in|as|above)|supported|derived|obtained"
    r"|found\s+(?:by|in|using)|expressed|written|(?:in)?dependent|an?\s+(?:positive|negative|whole|natural|even|odd|prime|real|rational)\b"
    r"|an\s+integer|true\s+to|(?:in)?correct\b(?!\s+(?:to\s+say|that))|right\b(?!\s*[.,]?\s*\$?\d)|wrong\b|positive\b|rounded\b"
    r"|obvious|easy|also\s+in|what\s+(?:we|you|was)\b|not\s+(?:wrong|unique|obvious|surprising))",
    re.IGNORECASE,
)
_REMARK_ELSEWHERE = re.compile(
    r"\W{0,4}(?:(?:muy|totalmente|molto|muito|tr\u00e8s|sehr|durchaus|v\u00f6llig)\s+)?"
    r"(?:(?:razonable|correct[aoe]|coherente|coh\u00e9rente?|v\u00e1lid[ao]|l\u00f3gic[ao]|consistente|verificad[ao]|raisonnable|logique"
    r"|valide|v\u00e9rifi\u00e9e?|korrekt|richtig|plausibel|sinnvoll|konsistent|vern\u00fcnftig|\u00fcberpr\u00fcft|eindeutig|corrett[ao]"
    r"|ragionevole|coerente|razo\u00e1vel|\u043f\u0440\u0430\u0432\u0438\u043b\u044c\w+|\u0432\u0435\u0440\u043d\w+)\b"
    r"|(?:\u5b8c\u5168|\u5f88|\u975e\u5e38)?(?:\u5408\u7406|\u6b63\u786e|\u5bf9\u7684|\u4e00\u81f4|\u53ef\u9760))",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|assume|assuming|hope)\s+(?:that\s+)?(?:the|this|our|your|my|an|his|her|their)?\s*"
    r"(?:(?:final|correct|above)\s+)?$",
    re.IGNORECASE,
)


# "Wait, no, it is", "Correction:", "Sorry, the answer should be": what follows takes the place of what was stated.
_INSTEAD = re.compile(
    r"(?:[.!?\n;,\u2026]\s*|\s[\u2014-]\s+)(?:\*\*)?(?:oh,?\s+|but\s+|hmm,?\s+)?"
    r"(?:wait|actually|correction|oops|sorry|no(?=[,:.])|scratch\s+that|hold\s+on|on\s+second\s+thought)\b[\s,:.!*\u2014-]*"
    r"(?:(?:no|actually|sorry|that\s+is\s+wrong|that['\u2019]s\s+wrong)[\s,:.!]+)*"
    r"(?P<verb>(?:it|that|this|i\s+mean|the\s+(?:\w+\s+)?answer)?(?:\s*(?:is|should\s+be|must\s+be)\s+|['\u2019]s\s+|\s+(?=\S))(?:actually\s+)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """A statement of an answer: where its phrase begins, and what follows it without the dress before it.

    ``groups_by_dots``: it is in a language that writes 1.250 for a thousand two hundred and fifty.
    """

    start: int
    after: str
    groups_by_dots: bool = False

    @property
    def line(self) -> str:
        return self.after.partition("\n")[0][:LONGEST]


def read_statements(text: str, options: Sequence[str] = ()) -> Iterator[Statement]:
    """The statements of an answer in a text, the last one first.

    Remarks about an answer are none, unless they are one of the ``options``.
    """
    for start, end in reversed(phrases(text)[-MOST:]):
        rest = text[end : end + 20 * LONGEST]
        dress = _DRESS.match(rest)
        after = rest[dress.end() :] if dress else rest
        if text[start:end].rstrip().lower().endswith(("isn't", "isn\u2019t")):
            after = "not " + after
        phrase = text[start:end]
        if phrase.isascii() and not _GROUPS_BY_DOTS.match(phrase):
            remark = _REMARK.match(after)
        else:
            remark = _REMARK.match(after) or _REMARK_ELSEWHERE.match(after)
            denied = _DENIED.match(after)
            if denied or _DENYING.search(phrase):
                after = "not " + (after[denied.end() :] if denied else after)
        if remark and not any(after.lower().startswith(option.lower()) for option in options if option.strip()):
            continue
        if not _SUPPOSED.search(text[max(0, start - 60) : start]):
            yield Statement(start, after, _GROUPS_BY_DOTS.match(phrase) is not None)


def instead(after: str) -> str | None:
    """What a correction puts in the place of a stated answer, to the end of its line: "A. Wait, no, it is B" says "B"."""
    marks = list(_INSTEAD.finditer(after[:LONGEST]))
    return after[marks[-1].end() :].partition("\n")[0][:LONGEST] if marks else None


def phrases(text: str) -> list[tuple[int, int]]:
    """Where each phrase begins and ends that announces an answer."""
    lower = text.lower()
    found: list[tuple[int, int]] = []
    first = min((place for place in map(lower.find, _ENGLISH_WORDS) if place >= 0), default=None)
    if first is not None:
        begin = _before(lower, first) if text.isascii() else 0
        found += [match.span() for match in _ENGLISH.finditer(text, begin)]
    if not text.isascii() or any(word in lower for word in _OTHER_WORDS):
        found = sorted(found + [match.span() for match in _OTHERS.finditer(text)])
    return found


def _before(lower: str, first: int) -> int:
    """Where the first English phrase may begin, whose first word stands at ``first``: most texts are long before it."""
    head = lower[:first].rstrip()
    for word in ("best", "correct", "right", "final"):
        head = head.removesuffix(word)
    return len(head.rstrip(" \t#*_>"))


def last_statement(text: str) -> str | None:
    """What follows the last statement of an answer, to the end of the first line that says something; None without one."""
    found = next(read_statements(text), None)
    return found.line if found else None


def after_last_statement(text: str) -> str | None:
    """All that follows the last statement of an answer, without the dress before it; None where no answer is stated."""
    found = next(read_statements(text), None)
    return found.after if found else None


def after_phrase(text: str) -> str | None:
    """What follows the last "The answer is" on its line: the form of our own supervisions and of the released ones."""
    phrases = list(PHRASE.finditer(text))
    return text[phrases[-1].end() :].lstrip().partition("\n")[0] if phrases else None


def before_last_statement(text: str) -> str:
    """The text up to the last "The answer is" (all of it where there is none), without surrounding space."""
    phrases = list(PHRASE.finditer(text))
    return (text[: phrases[-1].start()] if phrases else text).strip()


def last_sentence(text: str) -> str:
    """The last sentence of the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.split(r"(?<=[.!?\u3002\uff01\uff1f])\s+", lines[-1])[-1] if lines else ""
