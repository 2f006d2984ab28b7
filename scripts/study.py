"""Write the resolved study: the study file with every default, which later programs read."""

from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.study.config import load


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--settings", required=True, type=program.json_option, help="the study as JSON")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    write_json(given.output, load(given.settings).model_dump(mode="json"), keep_order=True)


if __name__ == "__main__":
    program.run(main)
