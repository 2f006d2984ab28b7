"""Files that are whole or not there, and what a full disk says of them."""

import errno
import os
from pathlib import Path

import pytest

from gradus.runtime.atomic import atomic_writer, named


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "metrics.json"
    with pytest.raises(OSError) as raised, atomic_writer(target) as stream:
        stream.write(b"{}")
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(target))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ECONNRESET, "Connection reset by peer"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "other.json"),
        OSError(errno.ENOSPC, "No space left on device", "other.json"),
    ],
)
def test_what_is_not_about_this_file_stays_as_it_is(error: OSError) -> None:
    with pytest.raises(OSError) as raised, named("mine.json"):
        raise error
    assert raised.value is error
