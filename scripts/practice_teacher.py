"""A teacher to practise with: a server on this machine that speaks OpenAI's chat format and explains problems by rules.

    python scripts/practice_teacher.py --port 8000

It is no language model and knows nothing: it shows the way from a study file to a report without a key. A study names it by
``base_url: http://127.0.0.1:8000/v1`` and ``key_variable: none``. Ctrl-C ends it.
"""

from __future__ import annotations

import signal
from pathlib import Path

from gradus.runtime.errors import UserError
from gradus.runtime.program import number_option, parser, run, whole_number_option
from gradus.teachers.practice.server import WHAT, PracticeServer
from gradus.teachers.practice.writing import Writer

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


def main() -> None:
    """Serve until stopped."""
    options = parser(__doc__)
    options.add_argument("--port", type=whole_number_option(0, 65535), default=8000, help="0 takes any that is free")
    options.add_argument("--prompts", type=Path, default=PROMPTS, help="the folder of prompts that the study uses")
    options.add_argument(
        "--errors",
        type=number_option(0, 1),
        default=0.0,
        help="share of problems with one wrong step, gold answer hidden",
    )
    given = options.parse_args()
    try:
        server = PracticeServer(("127.0.0.1", given.port), Writer(given.prompts, given.errors))
    except OSError as error:
        raise UserError(
            f"port {given.port}: {error.strerror}", hint="--port takes another; the study's base_url names it"
        ) from None
    # A shell starts what runs in the background deaf to Ctrl-C; and whoever started it there ends it with TERM.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        print(
            f"{WHAT}\nListening: base_url: {server.base_url}, key_variable: none, any model name. Ctrl-C ends it.",
            flush=True,
        )
        server.serve_forever()
    except KeyboardInterrupt:
        print(f"{server.answered} answers given.")
    finally:
        server.server_close()


if __name__ == "__main__":
    run(main)
