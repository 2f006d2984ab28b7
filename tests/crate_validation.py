"""RO-Crates checked against the profiles they claim, without a network.

The validator fetches the JSON-LD context of RO-Crate 1.1. Here it gets the context of RO-Crate 1.3 from the
`rocrate` library, with the two names of Bioschemas types that differ between the versions.
"""

from __future__ import annotations

import io
from email.message import Message
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.response import addinfourl

import pytest
import requests

PROFILES = (
    "ro-crate-1.1",
    "process-run-crate-0.5",
    "workflow-run-crate-0.5",
    "provenance-run-crate-0.5",
    "workflow-ro-crate-1.0",
)
CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def problems(folder: Path, profile: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a crate lacks of a profile's requirements."""
    import rdflib.parser
    from rocrate_validator import services
    from rocrate_validator.models import ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    text = (files("rocrate") / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")
    context = text.replace("https://bioschemas.org/terms/", "https://bioschemas.org/").encode("utf-8")

    def opened(request: Any, *_: Any, **__: Any) -> addinfourl:
        address = getattr(request, "full_url", request)
        assert address == CONTEXT, address
        headers = Message()
        headers["Content-Type"] = "application/ld+json"
        return addinfourl(io.BytesIO(context), headers, address, 200)

    def got(_: Any, address: str, *__: Any, **___: Any) -> requests.Response:
        assert address == CONTEXT, address
        answer = requests.Response()
        answer.status_code, answer._content, answer.url = 200, context, address
        answer.headers["Content-Type"] = "application/ld+json"
        return answer

    monkeypatch.setattr(rdflib.parser, "_urlopen", opened)
    monkeypatch.setattr(HttpRequester, "get", got, raising=False)  # it finds its methods as it goes
    settings = ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier=profile,
        requirement_severity="REQUIRED",
        skip_availability_check=True,
        offline=True,
    )
    result = services.validate(settings)
    return [f"{issue.check.identifier} {issue.check.name}: {issue.message}" for issue in result.get_issues()]
