"""Write one split of a dataset as Problem records."""

from contextlib import nullcontext

from gradus.data.datasets.sources import load_problems
from gradus.runtime import program
from gradus.runtime.environment import data_folder, folder_or_hub
from gradus.runtime.jsonl import write_records
from gradus.study.config.axes import base_of
from gradus.study.config.datasets import Dataset
from gradus.study.config.options import section_option
from gradus.study.paths import Artifact


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--dataset", required=True)
    options.add_argument("--split", required=True, choices=["train", "development", "test"])
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Dataset), help="the dataset's entry as JSON"
    )
    options.add_argument("--output", required=True)
    given = options.parse_args()
    record = program.RunRecord(given.output)
    # The points of a dataset hold the same problems under the same names: what a teacher writes of one is the same in all.
    hub = getattr(given.settings, "hub", None)
    with folder_or_hub(hub) if hub else nullcontext():
        loaded = load_problems(base_of(given.dataset), given.settings, given.split, data_folder())
    write_records(
        given.output,
        loaded.problems,
        source=loaded.source,
        revision=loaded.revision,
        without_gold=loaded.without_gold,
        doubtful_gold=loaded.doubtful_gold,
    )
    record.write(Artifact(given.output).run_record, problems=len(loaded.problems))
    program.log.info(
        "%s %s: %d problems from %s; %d rows without a gold answer, %d doubtful ones",
        given.dataset,
        given.split,
        len(loaded.problems),
        loaded.source,
        loaded.without_gold,
        len(loaded.doubtful_gold),
    )
    if loaded.repeated:
        first = loaded.repeated[0]
        program.log.warning(
            "%s %s: %d questions stand there more than once, %d of them with another answer; the first: %s and %s",
            given.dataset,
            given.split,
            len(loaded.repeated),
            sum(not one.same_answer for one in loaded.repeated),
            first.first,
            first.second,
        )


if __name__ == "__main__":
    program.run(main)
