"""Connections to a provider: keys that can be sent, and no proxy before this machine's own servers."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from gradus.runtime.errors import UserError
from gradus.teachers.clients.redaction import Redaction

# Connections are made anew in less time than an answer takes; a server that does not take them is found out sooner.
_CONNECT_SECONDS = 30.0


@dataclass(frozen=True)
class Address:
    """What belongs to a server's address besides ``base_url``: headers, query, and the header that carries the key alone."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    key_header: str | None = None

    def headers_with(self, key: str) -> dict[str, str]:
        """The headers to send besides the SDK's."""
        return dict(self.headers) if self.key_header is None else {**self.headers, self.key_header: key}


ADDRESS = Address()


def usable_key(key: str, variable: str) -> str:
    """A key without the white space around it; UserError where it cannot be the value of a header (never showing it)."""
    stripped = key.strip()
    for position, character in enumerate(stripped, 1):
        if not "!" <= character <= "~":
            kind = "a line break" if character in "\r\n" else "a space" if character.isspace() else "no ASCII character"
            raise UserError(
                f"the key cannot be sent: character {position} of {len(stripped)} is {kind}",
                where=f"environment variable {variable}",
                hint="copy the key again; it is one word",
            )
    return stripped


@contextlib.contextmanager
def preparing() -> Iterator[None]:
    """A block that makes a client: what the environment holds that no client can be made with is one UserError."""
    try:
        yield
    except ModuleNotFoundError:
        raise
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        words = " ".join(Redaction().message(error).split())
    else:
        return
    raise UserError(
        f"no connection can be prepared: {words}",
        where="environment of this process",
        hint="look at SSL_CERT_FILE and SSL_CERT_DIR, and at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
    )


def is_this_machine(base_url: str | None) -> bool:
    """Whether an address is of this machine (loopback), where no proxy stands before it."""
    host = urlsplit(base_url or "").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def async_http(base_url: str | None, timeout: float, address: Address) -> httpx2.AsyncClient | None:
    """The HTTP client of a server on this machine, which no proxy serves, or of one with a key header; None: the SDK's own."""
    is_here = is_this_machine(base_url)
    if not is_here and address.key_header is None:
        return None

    async def prepare(request: httpx2.Request) -> None:
        _send_the_key_alone(request, address)

    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
    wait = httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
    hooks = {"request": [prepare]}
    return httpx2.AsyncClient(
        timeout=wait, limits=limits, trust_env=not is_here, follow_redirects=True, event_hooks=hooks
    )


def http(base_url: str | None, timeout: float, address: Address) -> httpx2.Client | None:
    """As ``async_http``, for batches."""
    is_here = is_this_machine(base_url)
    if not is_here and address.key_header is None:
        return None
    hooks = {"request": [lambda request: _send_the_key_alone(request, address)]}
    return httpx2.Client(timeout=timeout, trust_env=not is_here, follow_redirects=True, event_hooks=hooks)


def _send_the_key_alone(request: httpx2.Request, address: Address) -> None:
    """Where the key has a header of its own, the SDK's is taken away: classic Azure takes a bearer for another kind of key."""
    if address.key_header is not None:
        request.headers.pop("Authorization", None)
