"""Annotate one split of a dataset with one supervision of a teacher."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gradus.records import Annotation, Problem, Supervision
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_records, write_records
from gradus.study.paths import data_folder, journal_folder, run_record
from gradus.teachers.annotation import (
    Counts,
    Desk,
    LocalDesk,
    RemoteDesk,
    Sampling,
    annotate,
    prepare,
    usable_originals,
)
from gradus.teachers.clients.served import server_for
from gradus.teachers.prompts.exemplars import load_exemplar
from gradus.teachers.prompts.prompting import Prompts
from gradus.teachers.prompts.request_builder import ChatTeacher
from gradus.teachers.registry import REMOTE, make_local_teacher
from gradus.teachers.requests.batch import BatchPurchase
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.queue import Order, Purchase
from gradus.teachers.requests.sources import Buy, handling, make_purchase, sole_buyer


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True)
    options.add_argument("--supervision", required=True, help="dataset/teacher/format/level")
    options.add_argument(
        "--teacher-settings", required=True, type=program.json_option, help="what decides its texts, as JSON"
    )
    options.add_argument("--original", help="the original annotations that a rewrite starts from")
    options.add_argument("--exemplars", nargs="*", default=[], help="the originals' exemplar, and the format's")
    options.add_argument("--prompts", help="folder of prompt files")
    options.add_argument("--prices", help="price table")
    options.add_argument(
        "--again", type=program.json_option, default={}, help="verdicts to retry, and how often, as JSON"
    )
    options.add_argument("--hide-gold", action="store_true", help="whatever the entry says (a teacher's own test)")
    options.add_argument(
        "--only", choices=["submit", "collect"], help="one half of a batch; fills the journal and writes no annotations"
    )
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord()
    supervision = Supervision(*given.supervision.split("/"))
    problems = read_records(given.problems, Problem)
    originals = usable_originals(read_records(given.original, Annotation)) if given.original else {}
    settings = {**handling(supervision.teacher), **given.teacher_settings}
    sampling = Sampling(
        settings.get("samples", 1), tuple(given.again.get("verdicts", ())), given.again.get("retries", 0)
    )
    counts = Counts()
    folder = journal_folder() / supervision.teacher
    if given.only and settings.get("mode") != "batch":
        raise UserError("only a teacher with mode: batch can be asked by batch")
    with desk_for(given, settings, supervision, folder) as (desk, journal):
        if given.only:
            prepare(problems, supervision, desk, originals, sampling)
            write_json(given.output, {"supervision": str(supervision), "phase": given.only, "problems": len(problems)})
            return
        annotations = annotate(problems, supervision, desk, originals, sampling, counts)
        write_records(given.output, annotations, lambda: {**counts.facts(), **extra_facts(desk)})
        record.write(
            run_record(given.output),
            from_journal=journal.found,
            newly_asked=journal.added,
            journal_usd=round(journal.spent_usd, 6),
            unpriced_entries=journal.unpriced,
        )
    program.log.info("%s: %s; %d answers newly asked", supervision, counts.facts()["verdicts"], journal.added)


@contextlib.contextmanager
def desk_for(
    given: Any, settings: dict[str, Any], supervision: Supervision, folder: Path
) -> Iterator[tuple[Desk, Journal]]:
    """Where this teacher's answers come from."""
    if settings["provider"] not in REMOTE:
        with Journal(folder) as journal:
            yield LocalDesk(make_local_teacher(settings, data_folder()), journal), journal
        return
    if not given.exemplars or not given.prompts or not given.prices:
        raise UserError("a remote teacher needs --exemplars, --prompts and --prices")
    exemplars = [load_exemplar(path) for path in given.exemplars]
    gold = "hidden" if given.hide_gold else settings["gold"]
    teacher = ChatTeacher(settings, Prompts(given.prompts), gold)
    with contextlib.ExitStack() as held:
        if not settings["offline"]:
            held.enter_context(sole_buyer(folder))
        journal = held.enter_context(Journal(folder))
        buy = None
        if not settings["offline"]:
            server = held.enter_context(server_for(settings))
            purchase = make_purchase(settings, teacher, journal, Path(given.prices), server)
            buy = submit_only(purchase) if given.only == "submit" else purchase.buy
        yield RemoteDesk(teacher, journal, exemplars[0], exemplars[-1], str(supervision), buy), journal


def submit_only(purchase: Purchase | BatchPurchase) -> Buy:
    """The first half of buying by batch, in the shape of the whole."""
    assert isinstance(purchase, BatchPurchase)

    def submit(orders: Iterable[Order], total: int, what: str) -> None:
        purchase.submit(orders, what)

    return submit


def extra_facts(desk: Desk) -> dict[str, Any]:
    """What a local teacher's files tell beside their rows (unmatched rows, excerpts)."""
    facts = getattr(getattr(desk, "teacher", None), "facts", None)
    return facts() if facts is not None else {}


if __name__ == "__main__":
    program.run(main)
