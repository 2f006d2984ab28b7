"""Analyse a finished study again, without training: also one of an earlier version, whose files lie elsewhere than today's.

Writes claims, recommendations and findings below the given folder; the finished study stays as it is.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from gradus.results.adoption import adopt
from gradus.runtime import program
from gradus.runtime.errors import UserError


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("finished", type=Path, help="folder of the finished study, results/NAME say")
    options.add_argument(
        "--output", required=True, type=Path, help="folder that takes it; its results/NAME must not exist"
    )
    given = options.parse_args()
    study = adopt(given.finished, given.output)
    project, folder = Path(__file__).resolve().parent.parent, study.parent
    (folder / "tables").mkdir()
    (folder / "report").mkdir()
    files = {
        "--claims": folder / "tables" / "claims.csv",
        "--recommendation": folder / "tables" / "recommendation.csv",
        "--published": folder / "tables" / "beside_published.csv",
        "--spent": folder / "tables" / "spent.csv",
        "--output": folder / "report" / "findings.md",
        "--page": folder / "report" / "findings.html",
        "--headline": folder / "report" / "headline.json",
        "--numbers": project / "published" / "chen-2025.csv",
    }
    words = [str(word) for pair in files.items() for word in pair]
    command = [sys.executable, str(project / "scripts" / "findings.py"), "--study", str(study), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(folder)  # made above; the same command can be given again
        said = done.stderr.strip().removeprefix("error: ").replace(str(folder), str(given.finished))
        raise UserError(said, hint="a study is analysed again once it is finished: run it, then this")
    print(folder / "report" / "findings.html")


if __name__ == "__main__":
    program.run(main)
