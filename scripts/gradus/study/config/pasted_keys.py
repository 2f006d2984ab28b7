"""Keys that somebody pasted into a study file, where only the name of an environment variable belongs."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# A message with these words does not repeat what was found: terminals and logs are shown to others.
NEVER_SHOWN = "a key never stands in a study file"
WHAT_TO_DO = "put it into the environment, and the variable's name into key_variable"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CARRIES_A_KEY = re.compile(r"(?:x[-_])?(?:goog[-_])?api[-_]?key|(?:proxy-)?authorization|key|access[-_]token|cookie")
_ASKS_FOR_A_KEY = re.compile(r"api[-_]?key|key|token|secret|password|auth\w*|bearer")
_SHORTEST_KEY = 20


def is_pasted(text: str) -> bool:
    """Whether what should name a variable is a key itself: no name, or long with small letters and digits."""
    if not _VARIABLE.fullmatch(text):
        return True
    return len(text) >= _SHORTEST_KEY and bool(re.search("[a-z]", text) and re.search("[0-9]", text))


def carries_a_key(name: str) -> bool:
    """Whether a header or a part of an address by that name carries a key."""
    return _CARRIES_A_KEY.fullmatch(name.lower()) is not None


def asks_for_a_key(name: str) -> bool:
    """Whether somebody who wrote that name of a key of the study file meant the key of a teacher."""
    return _ASKS_FOR_A_KEY.fullmatch(name.lower()) is not None


def asks_with_a_key(address: str) -> bool:
    """Whether a web address carries a key in its query. A name and a password may stand in it: they are shown nowhere."""
    return any(carries_a_key(one.partition("=")[0]) for one in urlsplit(address).query.split("&"))
