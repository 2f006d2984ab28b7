"""Progress that others could have written is never resumed: DeepSpeed reads it with pickle."""

import os
from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.students.training.checkpoints import require_private, step_folder


def saved(progress: Path) -> Path:
    """A progress folder with the file of a checkpoint in it."""
    require_private(progress)
    state = step_folder(progress, 9) / "engine" / "state.pt"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"weights")
    return state


def test_a_new_progress_folder_is_the_owners_alone(tmp_path: Path) -> None:
    previous = os.umask(0o002)  # as where every user has a group of its own
    try:
        state = saved(tmp_path / "work" / "abc")
    finally:
        os.umask(previous)
    assert (tmp_path / "work" / "abc").stat().st_mode & 0o777 == 0o700
    assert state.stat().st_mode & 0o020, "the file itself is writable to the group, behind a closed folder"
    require_private(tmp_path / "work" / "abc")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_progress_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    saved(tmp_path / "abc")
    (tmp_path / "abc").chmod(mode)
    with pytest.raises(UserError, match=r"abc: others may write there.*chmod -R go-w"):
        require_private(tmp_path / "abc")
    (tmp_path / "abc").chmod(0o755)
    require_private(tmp_path / "abc")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o2775])
def test_a_work_folder_in_which_others_may_replace_progress_is_refused(tmp_path: Path, mode: int) -> None:
    saved(tmp_path / "work" / "abc")
    (tmp_path / "work").chmod(mode)
    with pytest.raises(UserError, match=r"work: others may write there.*chmod -R go-w .*work"):
        require_private(tmp_path / "work" / "abc")


def test_a_sticky_work_folder_is_accepted(tmp_path: Path) -> None:
    """As below /tmp: others may add files there, and cannot touch ours."""
    saved(tmp_path / "work" / "abc")
    (tmp_path / "work").chmod(0o1777)
    require_private(tmp_path / "work" / "abc")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_a_work_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "work" / "abc")
    os.chown(tmp_path / "work", 12345, 12345)
    with pytest.raises(UserError, match="work: belongs to another user"):
        require_private(tmp_path / "work" / "abc")


def test_a_file_that_others_may_write_is_refused_where_they_can_reach_it(tmp_path: Path) -> None:
    state = saved(tmp_path / "abc")
    (tmp_path / "abc").chmod(0o755)
    state.chmod(0o666)
    with pytest.raises(UserError, match=r"state\.pt: others may write there"):
        require_private(tmp_path / "abc")


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "elsewhere")
    (tmp_path / "abc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is a link where a folder belongs"):
        require_private(tmp_path / "abc")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_what_belongs_to_another_user_is_refused(tmp_path: Path) -> None:
    state = saved(tmp_path / "abc")
    os.chown(state, 12345, 12345)
    with pytest.raises(UserError, match=r"state\.pt: belongs to another user"):
        require_private(tmp_path / "abc")
