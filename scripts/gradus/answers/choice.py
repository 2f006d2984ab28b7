"""Choices: the letter of an option, in any common dress, or the option's own text or value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.answers.boxes import boxed
from gradus.answers.number import concluding_number, stated_number
from gradus.answers.options import by_text, has_negation, plain, several_texts
from gradus.answers.quantities import plain_numbers, quantities_in
from gradus.answers.stated import after_last_statement, instead, last_sentence, read_statements
from gradus.records.vocabulary import LETTERS

_DRESS = (
    r"(?:</?(?:b|i|u|em|strong|code|p)>|[\s(\[*{\"'`\u201c\u2018\u00ab<$_|\u300c\u3010]"
    r"|\\(?:boxed|fbox|text|textbf|mathrm|mathbf|mathit|mathsf|operatorname)\s*(?=\{)|\\[(\[])*"
)
_DRESSED = re.compile(
    rf"{_DRESS}(?:(?:definitely|certainly|clearly|probably|likely|actually|simply|indeed|option|choice|letter|answer|opci\u00f3n|Option)\b\s*|(?:\u9009\u9879|\u9078\u9805)\s*)*"
    rf"{_DRESS}(?<![A-Za-z0-9])([A-J])(?![A-Za-z0-9-]|['\u2019][a-z])",
    re.IGNORECASE,
)
_LETTER = r"\(?\[?(?:\*\*)?[A-J](?:\*\*)?\]?\)?"
# "A) sleep and D) stay in bed", "A, B or C", "A/B", "A & B", "A B": more than one answer is none.
_JOINED = (
    r"(?:and|or|and/or|und|oder|et|ou|y|o|e|\u0438|\u0438\u043b\u0438)\s+"
    r"(?:(?:possibly|perhaps|maybe|even|also|probably)\s+)?"
)
_SEVERAL = re.compile(
    rf"\b{_JOINED}(?:option\s+)?\(?[A-J]\)"
    rf"|\b[A-J]\)?(?:,\s*[A-J]\)?){{0,9}},?\s+{_JOINED}\(?[A-J]\b"
    r"|[A-J]\)?\s*(?:\u548c|\u6216\u8005?|\u4e0e|\u3001|\u53ca)\s*\(?[A-J](?![A-Za-z])"
    rf"|^\W{{0,3}}{_LETTER}(?:\s*[/&,+;]\s*|\s+){_LETTER}(?![\w'\u2019])(?!\)?\s+(?:is|are|was|isn|can|does|would|and\s+\w+\s+(?:is|are))\b)"
)
# "option B, snow fox, which is the correct answer", "B is correct": the letter stands before the statement.
_NAMED = re.compile(
    r"(?:\b(?i:option|choice)\s+\(?([A-J])\b\)?|\(([A-J])\)|\b([A-J])\))[^.\n]{0,60}?\b(?:is|as)\s+(?:therefore\s+|thus\s+)?"
    r"the\s+(?:(?:only|most|correct|right|best|likely|reasonable|appropriate|logical)\s+)+(?:answer|option|choice|one)\b"
)
_IS_CORRECT = re.compile(
    r"(?:^|(?<=[\s(,*]))([A-J])\**\)?[.,:]?\s+(?:is|must\s+be|would\s+be|should\s+be|seems)\s+(?:therefore\s+|thus\s+|clearly\s+)?"
    r"(?:(?:the|my)\s+)?(?:correct|right|best|answer|only\s+(?:option|choice)|one\s+that\s+fits)\b"
    r"|(?:^|(?<=[\s(,*]))([A-J])\**\)?\s+(?:fits\s+best|remains|is\s+left|makes\s+(?:the\s+)?most\s+sense)\W*(?=[.!,;\n]|$)"
)
_PICKED = re.compile(
    r"\b(?:pick|choose|select|go(?:ing)?\s+with|opt\s+for|chose|settle\s+on)\s+(?:option\s+|answer\s+|choice\s+)?\(?\**([A-J])\b(?!\s+[a-z]+\s)"
    r"|\b(?:so|then|therefore|thus),?\s+([A-J])\s+it\s+is\b"
)
_DENIED = re.compile(
    r"\b([A-J])\)?(?i:[^.\n]{0,40}?\b(?:is|are|was|were|can|does|do|makes?|seems?)\s*(?:clearly\s+|definitely\s+|also\s+)?"
    r"(?:not|n['\u2019]t|no\s+sense|wrong|incorrect|unlikely)|[^.\n]{0,40}?\b(?:cannot|ruled\s+out|eliminated|excluded)\b)"
    r"|\b(?i:not|eliminate|rules?\s+out|ruled\s+out|exclude|except)\s+(?i:for\s+)?(?i:option\s+|choice\s+)?\(?([A-J])\b"
)
_NOT_BUT = re.compile(
    r"^\W*(?:(?:definitely|certainly|clearly|probably|surely)\s+)?not\b.{1,80}?(?:\bbut\b(?:\s+rather)?|[,.;]\s*(?:sondern|sino|bens\u00ec|mas\s+sim|\u0430|\u800c\u662f|it(?:['\u2019]s|\s+is)|rather\b|instead\b|the\s+answer\s+is))"
    r"(?:\s+(?:rather|instead))?\s+",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\W*(?:(?:definitely|certainly|clearly|probably|surely|most\s+likely)\s+)?"
    r"(?:not\b|neither\b|none\b|(?:anything|everything|any|all)\s+(?:except|but|other\s+than)\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?<=[.;!?\n])\s+|,?\s+(?=(?:so|leaving|thus|therefore|hence|but|because|since|while|whereas|which)\b)"
    r"|,\s+(?=\(?[A-J]\)?(?:\s+and\s+\(?[A-J]\)?)?\s+(?:is|are|does|do|makes?|can)\b|it\b|we\b|not\b|rather\b)"
)
_REJECTS = re.compile(
    r"\b(?:wrong|incorrect|not|cannot|never|neither|nor|eliminat\w+|rul(?:e|es|ed|ing)\s+out|exclud\w+|no\s+sense|unlikely|irrelevant"
    r"|implausible|impossible|(?:anything|everything|any|all)\s+(?:except|but|other\s+than))\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_AT_THE_END = re.compile(r"(?:^|[\s(\[*$`\"'])(?<!\band )(?<!\bor )([A-J])\W*$")
_TYPOGRAPHY = re.compile(r"</?[a-z]+>|[_`{}]|\\(?:text|textbf|mathrm|mathbf|boxed)\b|\\[()\[\]]")
_NUMBERED = re.compile(r"\W*(?:option|choice|number|no\.)\s*#?\s*(\d{1,2})\b", re.IGNORECASE)
_PLACES = ("first", "second", "third", "fourth", "fifth")
_PLACED = re.compile(rf"\W*(?:the\s+)?({'|'.join(_PLACES)})\s+(?:option|choice|answer|one)\b", re.IGNORECASE)
# A first line that is a letter and no more, before an explanation.
_TOP = re.compile(r"[(\[*]{0,3}([A-J])[)\].:*]{0,4}\s*\n\s*(?![(\[*]{0,3}[A-J](?:[)\].:*]|\s*$))", re.MULTILINE)


def canonical_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter of an option that is named by its letter, dressed or not, or by its own text."""
    letter = text.strip().strip("()[].:").upper()
    if len(letter) == 1 and letter in LETTERS[: len(choices)]:
        return letter
    return by_text(text, choices, whole=True)


def extract_choice(text: str, choices: Sequence[str]) -> str | None:
    """The letter that a text answers with: stated, boxed, alone on its last line, dressed or spelled out in its last sentence.

    A lower-case letter counts only where it stands alone or in brackets ("a" is also a word); an option that is rejected does
    not count, and of several options that are given none does.
    """
    choices = bare_options(choices)
    letters = LETTERS[: len(choices)]
    if _states_a_list(text):
        return None
    refused = False
    for statement in read_statements(text, choices):
        stated = _NOT_BUT.sub("", statement.line)
        sentence = stated.partition(". ")[0]
        corrected = instead(statement.after)
        if corrected and (found := _corrected(corrected, choices)):
            return found
        found = by_text(sentence, choices, whole=True) or _with_its_text(stated, choices)
        if found:
            return found
        beyond = re.match(r"\W*([A-J])\)", stated)
        if _REFUSES.match(stated) or (beyond and beyond[1] not in letters):
            refused = True
            continue
        if _SEVERAL.search(_positive(sentence, choices)) or several_texts(sentence, choices):
            return None
        found = _letter_at_start(stated, letters) or by_text(stated, choices)
        found = found or _only_dressed(_positive(stated, choices), letters) or _by_value(stated_number(stated), choices)
        found = found or _at_the_end(_positive(sentence, choices), letters) or _numbered(stated, choices)
        if found:
            return found
    for box in boxed(text)[-1:]:
        found = canonical_choice(re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", box), choices) or _letter_at_start(
            box, letters
        )
        found = found or by_text(box, choices) or _by_value(stated_number(box), choices)
        if found:
            return None if _SEVERAL.search(box) else found
    if refused or _ends_in_a_list(text):
        return None
    return _unstated(text, choices, letters)


def _unstated(text: str, choices: Sequence[str], letters: str) -> str | None:
    """The option of a text that states none: named as correct, alone, in the last sentence, at the top, the only one named."""
    for pattern in (_NAMED, _IS_CORRECT, _PICKED):
        named = ["".join(found) for found in pattern.findall(text)]
        if named and len(set(named)) == 1 and named[0] in letters:
            return named[0]
    sentence = _positive(last_sentence(text), choices)
    found = _alone(text, choices) or _letter_at_the_top(text, letters) or _only_dressed(sentence, letters)
    if not found and not _SEVERAL.search(sentence) and not several_texts(sentence, choices):
        found = by_text(sentence, choices, only=True) or _at_the_end(sentence, letters)
        found = found or _by_value(concluding_number(sentence), choices)
    found = found or _at_the_top(text, choices) or _only_dressed(_positive(text, choices), letters)
    return found or next((one for one in [_only_dressed(text, letters)] if one and one not in _denied(text)), None)


def _denied(text: str) -> set[str]:
    return {first or second for first, second in _DENIED.findall(text)}


def bare_options(choices: Sequence[str]) -> tuple[str, ...]:
    """Options without the letters that some datasets write before each of them: ``A)21``."""
    heads = [re.match(r"\(?([A-J])\s?[).:]\s?(?=\S)", choice) for choice in choices]
    if all(head and head[1] == LETTERS[index] for index, head in enumerate(heads)):
        return tuple(choice[head.end() :] for choice, head in zip(choices, heads, strict=True) if head)
    return tuple(choices)


def _with_its_text(stated: str, choices: Sequence[str]) -> str | None:
    """The letter that its own option follows: ``(A) B`` where the option A is "B"."""
    match = re.match(r"\W*([A-J])[).:\]*]+\s*", stated)
    if match is None or match[1] not in LETTERS[: len(choices)]:
        return None
    own, rest = plain(choices[LETTERS.index(match[1])]), plain(stated[match.end() :])
    alone = rest == own or rest.startswith(own + " ")
    return match[1] if own and alone and not re.match(r"\s*(?:and|or)\b", rest[len(own) :]) else None


def _positive(text: str, choices: Sequence[str]) -> str:
    """A text without the clauses that reject something."""
    if not _REJECTS.search(text):
        return text
    kept = []
    negative = [choice for choice in choices if has_negation(choice)]
    for clause in _CLAUSE.split(text):
        bare = clause
        for choice in negative:
            bare = re.sub(re.escape(choice), "", bare, flags=re.IGNORECASE)
        if not _REJECTS.search(bare) or re.search(r"\b(?:leaves|leaving)\b", bare):
            kept.append(
                re.sub(r"^.*?\bleav(?:es|ing)\b", "", clause, flags=re.DOTALL) if _REJECTS.search(bare) else clause
            )
    return " ".join(kept)


def _by_value(value: str | None, choices: Sequence[str]) -> str | None:
    """The one option whose only number is the value; units, currency and spelling are the option's own affair."""
    if value is None:
        return None
    found = []
    for index, choice in enumerate(choices):
        numbers = {one.value for one in quantities_in(plain_numbers(choice))}
        if numbers == {value}:
            found.append(index)
    return LETTERS[found[0]] if len(found) == 1 else None


def _numbered(stated: str, choices: Sequence[str]) -> str | None:
    """The option that is named by its place in the list: "option 3"."""
    placed = _PLACED.match(stated)
    if placed and (place := _PLACES.index(placed[1].lower())) < len(choices):
        return LETTERS[place]
    match = _NUMBERED.match(stated)
    return LETTERS[int(match[1]) - 1] if match and 1 <= int(match[1]) <= len(choices) else None


def _corrected(said: str, choices: Sequence[str]) -> str | None:
    """The option that a correction consists of or begins with: a letter before a stop, or a whole text."""
    sentence = said.partition(". ")[0]
    letter = re.match(
        r"[(\[*]{0,3}(?:option\s+)?[(\[*]{0,3}([A-J])[)\]*]{0,4}(?:[.,:;!]|\s*$|\s*\n|\s+because\b)", said
    )
    if letter and letter[1] in LETTERS[: len(choices)] and not _SEVERAL.search(sentence):
        return letter[1]
    return by_text(sentence, choices, whole=True) or _with_its_text(said, choices)


def _letter_at_the_top(text: str, letters: str) -> str | None:
    match = _TOP.match(text.lstrip())
    return match[1] if match and match[1] in letters else None


def _at_the_top(text: str, choices: Sequence[str]) -> str | None:
    """The option that the first line consists of, where an explanation follows it."""
    first, _, rest = text.strip().partition("\n")
    match = re.match(r"\(?([A-J])[).:]\s*(.*)", first)
    if match is None or re.match(r"\(?[A-J][).:]\s", rest.strip()):
        return None
    return match[1] if by_text(match[2], choices, whole=True) == match[1] else None


def _states_a_list(text: str) -> bool:
    """Whether the statement goes on over several lines that begin with different letters."""
    after = after_last_statement(text) or ""
    lines = [line.strip() for line in after[:2000].splitlines() if line.strip()][:2]
    return _heads(lines)


def _ends_in_a_list(text: str) -> bool:
    """Whether the last two lines begin with two different letters: options that are listed, not chosen."""
    return _heads([line.strip() for line in text[-2000:].splitlines() if line.strip()][-2:])


def _heads(lines: Sequence[str]) -> bool:
    heads = [match[1] for match in (re.match(r"\(?([A-J])[).:]\s", line) for line in lines) if match]
    return len(set(heads)) == 2


def _alone(text: str, choices: Sequence[str]) -> str | None:
    """The letter, or the whole text of an option, that the last line consists of or begins with."""
    lines = [line for line in text.strip().splitlines() if line.strip(" `")]
    if not lines:
        return None
    last = _TYPOGRAPHY.sub("", lines[-1]).strip()
    bare = len(last) <= 4 or re.match(
        r"^[(\[]?[A-J][)\].:]|^\W{1,4}[A-J]\W{1,4}$|^(?:option|choice)\s+\(?[A-J]\b|^[A-J]\s+because\b",
        last,
        re.IGNORECASE,
    )
    first = last.partition(". ")[0]
    rejected = _REJECTS.search(first) and not by_text(last, choices, whole=True) and not _with_its_text(last, choices)
    listed = re.findall(r"\(([A-J])\)|(?<![\w(])([A-J])[).:](?=\s)", last) if len(last) > 4 else []
    lists = len(listed) > 2 and "".join(one or other for one, other in listed) == LETTERS[: len(choices)]
    unclear = not bare or rejected or lists or _SEVERAL.search(first)
    letter = None if unclear else _letter_at_start(last, LETTERS[: len(choices)])
    return letter or by_text(last, choices, whole=True)


def _only_dressed(text: str, letters: str) -> str | None:
    """The one letter that is named as an option: ``B)``, ``(B)``, ``option B``; None where several are."""
    named = re.findall(r"(?:\boption\s+|\bchoice\s+|\()\(?([A-J])\b|\b([A-J])\)", text, flags=re.IGNORECASE)
    found = {(one or other).upper() for one, other in named} & set(letters)
    return found.pop() if len(found) == 1 else None


def _at_the_end(sentence: str, letters: str) -> str | None:
    """The capital letter with which a sentence ends."""
    match = _AT_THE_END.search(sentence[-40:].strip())
    return match[1] if match and match[1] in letters else None


def _letter_at_start(text: str, letters: str) -> str | None:
    stripped = text.strip()
    match = _DRESSED.match(stripped)
    if match is None:
        return None
    letter = match.group(1)
    following = stripped[match.end() : match.end() + 1]
    if letter.islower() and following not in ("", ")", "]", ".", "}", "*", "`", '"', "$"):
        return None
    if (
        letter == "A"
        and re.match(r"\s+[a-z]", stripped[match.end() :])
        and not re.match(r"\s+because\b", stripped[match.end() :])
    ):
        return None
    return letter.upper() if letter.upper() in letters else None
