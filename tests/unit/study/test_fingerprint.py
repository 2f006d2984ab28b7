"""The code fingerprint: covers what a program imports, ignores what decides nothing."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PROJECT

from gradus.study import fingerprint as module
from gradus.study.fingerprint import EXCLUDED, LAUNCHED, SCRIPTS, _dump, modules

PROGRAMS = ("data", "audit", "annotate", "student", "training_set", "train", "generate", "score", "tables", "figures")


def syntax(text: str) -> str:
    return _dump(ast.parse(text))


def test_comments_docstrings_and_formatting_do_not_count() -> None:
    plain = "def f(x):\n    return x+1\n"
    dressed = '"""Doc."""\n# why\ndef f( x ):\n    """Doc."""\n\n    return (x + 1)  # because\n'
    assert syntax(plain) == syntax(dressed)
    assert syntax(plain) != syntax(plain.replace("+1", "+2"))


def test_excluded_modules_exist_and_have_a_reason() -> None:
    for name, reason in EXCLUDED.items():
        assert module.module_file(name).exists(), name
        assert len(reason) > 10, name


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_imported_module_is_covered_or_excluded(program: str) -> None:
    covered = set(modules(program))
    for path in [SCRIPTS / f"{program}.py", *(module.module_file(name) for name in covered)]:
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradus"):
                name = node.module or ""
                assert name in covered or module.is_excluded(name), (program, name)


def test_the_training_loop_is_part_of_training() -> None:
    assert set(LAUNCHED["gradus.students.training.launch"]) <= set(modules("train"))
    assert "gradus.students.training.batches" in modules("train")
    assert "gradus.presentation.figure" not in modules("train")


DUMP = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from gradus.study import fingerprint
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    print(hashlib.sha256(fingerprint._code().parsed(path)[1].encode()).hexdigest(), path.name)
"""


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Code of one program and one module, in which fingerprints may be kept."""
    (tmp_path / "gradus" / "study").mkdir(parents=True)
    (tmp_path / "gradus" / "__init__.py").touch()
    (tmp_path / "gradus" / "one.py").write_text("A = 1\n")
    (tmp_path / "act.py").write_text("import gradus.one\n")
    monkeypatch.setattr(module, "SCRIPTS", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield tmp_path
    forget()


def forget() -> None:
    module.fingerprint.cache_clear()
    module._newest.clear()


def anew(program: str = "act") -> str:
    """What a new process would find."""
    forget()
    return module.fingerprint(program)


def test_a_fingerprint_is_found_once_for_a_state_of_the_code(little: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = anew()
    (little / "gradus" / "one.py").write_text("A = 2\n")
    second = anew()
    assert first != second
    with monkeypatch.context() as patch:
        patch.setattr(ast, "parse", lambda text: pytest.fail("it has been found before"))
        assert anew() == second
    (little / "gradus" / "one.py").write_text("A = 1\n")
    assert anew() == first


def test_a_program_that_is_new_is_found_beside_those_that_are_kept(little: Path) -> None:
    first = anew()
    (little / "other.py").write_text("import gradus.one\nimport gradus.two\n")
    (little / "gradus" / "two.py").write_text("B = 1\n")
    assert anew("other") != first == anew()
    (little / "newer.py").write_text("import gradus.two\n")
    assert module.fingerprint("newer")
    (little / "newer.py").unlink()
    for missing in ("newer", "missing"):
        with pytest.raises(FileNotFoundError):
            anew(missing)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"code": 1}', b"\xff", "null"])
def test_a_damaged_file_of_fingerprints_is_made_again(little: Path, damage: bytes | str) -> None:
    first = anew()
    kept = module._file()
    assert kept.is_relative_to(little)
    if isinstance(damage, str):
        code = json.loads(kept.read_bytes())["code"]
        damage = json.dumps({"code": code, "fingerprints": None}).encode()
    kept.write_bytes(damage)
    assert anew() == first and json.loads(kept.read_bytes())["fingerprints"] == {"act": first}


def test_nothing_is_kept_where_nothing_may_be_written_or_python_is_told_not_to(
    little: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        first = anew()
        assert not module._file().exists()
    module._file().parent.write_text("no folder can be made here")
    assert anew() == first


def test_a_program_that_is_asked_for_after_an_edit_is_kept_for_no_other_state_of_the_code(little: Path) -> None:
    """A run lives for hours, and asks for a program's fingerprint when its first job begins; then the edit is taken back."""
    (little / "other.py").write_text("import gradus.two\n")
    two = little / "gradus" / "two.py"
    two.write_text("B = 1\n")
    before = anew("other")
    module._file().unlink()
    anew("act")
    two.write_text("B = 22\n")
    during = module.fingerprint("other")
    two.write_text("B = 1\n")
    assert anew("other") == before != during


def test_what_other_rules_than_those_of_the_code_have_found_is_kept_for_themselves(tmp_path: Path) -> None:
    """A process began before an update of the code that also changes what a fingerprint leaves out."""
    for name in ("gradus/__init__.py", "gradus/study/__init__.py", "gradus/study/fingerprint.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SCRIPTS / name, tmp_path / name)
    shutil.copytree(SCRIPTS / "gradus" / "runtime", tmp_path / "gradus" / "runtime")
    (tmp_path / "act.py").write_text("import gradus.one\n")
    (tmp_path / "gradus" / "one.py").write_text("A = 1\n")
    ask = "from gradus.study import fingerprint as found; {}; print(found.fingerprint('act'))"
    update = (
        "path = found.Path(found.__file__); "
        "path.write_text(path.read_text().replace('EXCLUDED = {', 'EXCLUDED = {\"gradus.one\": \"decides nothing now\",', 1))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(tmp_path)}

    def said(meanwhile: str) -> str:
        command = [sys.executable, "-c", ask.format(meanwhile)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    old = said(update)
    assert said("pass") != old
    assert (
        json.loads(next(tmp_path.rglob("fingerprints.json")).read_bytes())["fingerprints"]["act"]
        == said("pass").strip()
    )


def test_code_behind_a_link_to_a_folder_counts(little: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    mine = tmp_path_factory.mktemp("mine")
    (mine / "deep.py").write_text("C = 1\n")
    (little / "gradus" / "linked").symlink_to(mine)
    (little / "act.py").write_text("import gradus.linked.deep\n")
    first = anew()
    (mine / "deep.py").write_text("C = 2\n")
    assert anew() != first


def test_what_lies_beside_the_code_and_cannot_be_read_stops_nothing(little: Path) -> None:
    """An editor's lock (a link to nowhere), a file that another user keeps to themselves, a name that is no text."""
    first = anew()
    (little / ".#act.py").symlink_to("somebody@somewhere.12")
    (little / "a_folder.py").mkdir()
    (little / os.fsdecode(b"caf\xe9.py")).write_text("D = 1\n")
    assert anew() == first
    private = little / "private.py"
    private.write_text("E = 1\n")
    read = Path.read_bytes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: read(path if path != private else little / "no such file"))
        assert anew() == first


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_python_sees_the_same_code(version: str) -> None:
    """Else another Python would count everything that another one made as stale."""
    found = python_of(version)
    if found is None:
        pytest.skip(f"no Python {version} is here")
    scripts = str(PROJECT / "scripts")
    texts = [
        subprocess.run([command, "-c", DUMP, scripts], capture_output=True, text=True, check=True).stdout
        for command in (sys.executable, found)
    ]
    assert texts[0] == texts[1] and "fingerprint.py" in texts[0]


def python_of(version: str) -> str | None:
    """An interpreter of that version: on the path, or one that pyenv keeps."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for command in (shutil.which(f"python{version}"), *map(str, kept)):
        if command is None:
            continue
        told = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.startswith(f"Python {version}."):
            return command
    return None
