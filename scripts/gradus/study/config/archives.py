"""The `archive` of a study file: what leaves the study, and who made it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from gradus.study.config.sections import Section


class Author(Section):
    """An author of the study, as archives and citations name them."""

    name: str = Field(min_length=1, description="Full name, `Family, Given` as Zenodo asks for it.")
    orcid: str | None = Field(
        None, pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$", description="ORCID, digits and hyphens alone."
    )
    affiliation: str | None = Field(None, description="Institution.")


ArchiveGroup = Literal[
    "code",
    "config",
    "prompts",
    "data",
    "annotations",
    "training",
    "predictions",
    "metrics",
    "tables",
    "cards",
    "provenance",
    "weights",
    "journal",
]


class Archive(Section):
    """What an archive says of itself, its optional contents, and how large its tars may be."""

    title: str | None = Field(None, description="Its title; unset: the study's name.")
    authors: list[Author] = Field(default_factory=list, description="Who made the study; Zenodo needs at least one.")
    licence: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.+-]+$",
        description="SPDX id of the licence under which you publish what is yours, for example `CC-BY-4.0`; problems and "
        "annotations keep their own.",
    )
    weights: bool = Field(False, description="The students' weights (their manifests are always in it).")
    journal: bool = Field(False, description="The teachers' answers as they came.")
    budget_gib: float = Field(46.0, gt=0, description="Most that one tar may take; Zenodo takes 50 GB a record.")
    budgets_gib: dict[ArchiveGroup, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description=f"The same for single tars, such as `weights: 20`: {', '.join(get_args(ArchiveGroup))}.",
    )

    def unset(self) -> list[str]:
        """What a publication will ask for and nobody has said yet, one line each; nothing where all is there."""
        missing = {
            "authors": "nobody (Zenodo refuses that; `authors: [{name: 'Family, Given'}]`)" if not self.authors else "",
            "licence": "none (nobody may use what has no licence; `licence: CC-BY-4.0` say)"
            if not self.licence
            else "",
            "title": "the study's name" if not self.title else "",
        }
        return [f"archive.{key}: {what}" for key, what in missing.items() if what]
