"""Contents: which files go to which repository, and whether they may. A dry run prints the list that is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradus.archive import tarball
from gradus.archive.exports import hub_results
from gradus.archive.exports.scored_cell import scored_cells
from gradus.archive.manifest import read_manifest
from gradus.archive.verification import archive_problems
from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError
from gradus.study import paths


@dataclass(frozen=True)
class Upload:
    """One file, and its name in the repository."""

    name: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size


def archive_uploads(folder: Path) -> list[Upload]:
    """All files of an archive; UserError unless they agree with its sums."""
    _verified(folder)
    return [Upload(path.name, path) for path in sorted(folder.iterdir()) if path.is_file()]


def annotation_uploads(folder: Path, staging: Path) -> list[Upload]:
    """The dataset card as README.md, the annotations as JSON Lines, and the archive itself, unpacked into ``staging``."""
    _verified(folder)
    manifest = read_manifest(folder)
    card = paths.DATASET_CARD.of(manifest.study)
    prefix = paths.RESULTS.of(manifest.study) + "/"
    found = []
    for group in ("cards", "annotations"):
        if group not in manifest.groups:
            continue
        tar = folder / manifest.groups[group].file
        for member, stream, size in tarball.read(tar):
            is_row_file = member.startswith(f"{prefix}annotations/") and member.endswith(".jsonl")
            if member != card and not is_row_file:
                continue
            name = "README.md" if member == card else member.removeprefix(prefix)
            with atomic_writer(staging / name) as output:
                tarball.copy(stream, size, output, tar, member)
            found.append(Upload(name, staging / name))
    if not any(upload.name == "README.md" for upload in found):
        raise UserError("the archive holds no card of the annotations", where=folder, hint="archive the study again")
    return [*found, *(Upload(f"archive/{upload.name}", upload.path) for upload in archive_uploads(folder))]


def student_uploads(checkpoint: Path, staging: Path) -> list[Upload]:
    """The weights, tokenizer and settings of one trained student, with its card as README.md and its scores as the Hub reads
    them (``.eval_results``, written into ``staging``) where it was asked a dataset of the Hub."""
    weights = checkpoint / "weights"
    if not weights.is_dir():
        raise UserError("holds no weights", where=checkpoint, hint="name a folder below results/STUDY/checkpoints")
    found = paths.CHECKPOINT.wildcards_in(checkpoint.as_posix())
    if found is None:
        raise UserError("is not the checkpoint of a study", where=checkpoint, hint=f"expected {paths.CHECKPOINT}")
    root = Path(checkpoint.as_posix().removesuffix(paths.CHECKPOINT.format(**found)))
    card = root / paths.MODEL_CARD.format(**found)
    if not card.exists():
        raise UserError("the card is not there", where=card, hint="snakemake archive writes the cards")
    files = sorted(path for path in weights.rglob("*") if path.is_file() and not path.name.startswith("."))
    own = [Upload("README.md", card), *(Upload(path.relative_to(weights).as_posix(), path) for path in files)]
    return own + _score_uploads(
        root / Path(paths.METRICS.format(**found, problems="test", decoding="any")).parents[1], staging
    )


def _score_uploads(scores: Path, staging: Path) -> list[Upload]:
    """The ``.eval_results`` of a cell; nothing where it was not scored, or asked no dataset of the Hub."""
    found = []
    for cell in scored_cells(scores) if any(scores.rglob("*.json")) else ():
        for name, content in hub_results.files(cell).items():
            below = name.removeprefix(f"{cell.name}/")
            with atomic_writer(staging / below) as output:
                output.write(content)
            found.append(Upload(below, staging / below))
    return found


def check_limits(uploads: Sequence[Upload], most_files: int, most_bytes: int, where: str) -> None:
    """UserError where a repository would refuse so much, before anything is sent."""
    size = sum(upload.size for upload in uploads)
    if len(uploads) > most_files or size > most_bytes:
        raise UserError(
            f"{len(uploads)} files of {size / 1e9:.1f} GB together: {where} takes {most_files} of {most_bytes / 1e9:.0f} GB",
            hint="leave a group out (archive.weights, archive.journal), or publish weights to the Hub",
        )


def _verified(folder: Path) -> None:
    problems = archive_problems(folder)
    if problems:
        raise UserError(f"the archive is not what its sums say: {'; '.join(problems[:5])}", where=folder)
