"""Promises about the rules: the rules of the house (docs/background/architecture.md) that the files show."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from running import PROJECT

RULE_FILES = sorted((PROJECT / "rules").glob("*.smk"))
TARGETS = {
    "annotations",
    "audits",
    "batches_submitted",
    "batches_collected",
    "teacher_accuracies",
    "checkpoints",
    "metrics",
    "tables",
    "figures",
    "exhibits",
}
ALWAYS_RUN = ("plan", "so_far")
HEAVY = ("torch", "transformers", "datasets", "pandas", "deepspeed", "matplotlib", "scipy", "numpy")


def rules() -> dict[str, str]:
    """The text of every rule that runs something, by name."""
    found = {}
    for path in RULE_FILES:
        parts = re.split(r"^rule (\w+):\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            found[name] = re.split(r"^\S", body, flags=re.MULTILINE)[0]
    return {name: body for name, body in found.items() if name not in TARGETS}


@pytest.mark.parametrize("name", sorted(rules()))
@pytest.mark.parametrize(
    "directive", ["log", "benchmark", "conda", "threads", "resources", "params", "message", "shell"]
)
def test_every_rule_has_every_directive(name: str, directive: str) -> None:
    if name in ALWAYS_RUN and directive == "benchmark":
        pytest.skip("a benchmark file counts as a product: what has no other would be made once and never again")
    assert re.search(rf"^    {directive}:", rules()[name], flags=re.MULTILINE), f"rule {name} has no {directive}"


@pytest.mark.parametrize("name", sorted(rules()))
def test_what_decides_bytes_reaches_a_rule_through_params(name: str) -> None:
    body = rules()[name]
    shell = body[body.index("    shell:") :]
    assert "config[" not in body
    assert not re.search(r"\{(study|config|input\.\w+\[)", shell)
    assert "lambda wildcards, input" not in body
    if name not in ("study", *ALWAYS_RUN):
        assert "code=lambda _: fingerprint(" in body, f"rule {name} does not carry the fingerprint of its code"


def test_no_rule_runs_python_inside_snakemake() -> None:
    for path in [*RULE_FILES, PROJECT / "Snakefile"]:
        assert not re.search(r"^\s*(run|script|notebook):", path.read_text(encoding="utf-8"), flags=re.MULTILINE), path


@pytest.mark.parametrize("name", sorted(rules()))
def test_large_inputs_are_ancient_and_have_their_manifest(name: str) -> None:
    """Files that can pass the checksum limit are decided by their manifest, not by the clock."""
    body = rules()[name]
    inputs = (
        body[body.index("    input:") : body.index("    log:")].split("    output:")[0] if "    input:" in body else ""
    )
    for line in inputs.splitlines():
        if re.search(r"paths\.(PROBLEMS|ANNOTATIONS|TRAINING_SET|PREDICTIONS)", line) and "manifest(" not in line:
            assert "ancient(" in line, f"rule {name}: {line.strip()}"
    assert inputs.count("ancient(") <= inputs.count("manifest"), name


def test_the_fingerprint_is_that_of_the_program_the_rule_starts() -> None:
    for name, body in rules().items():
        program = re.search(r"scripts/(\w+)\.py", body)
        carried = re.search(r'fingerprint\("(\w+)"\)', body)
        assert program, name
        assert (PROJECT / "scripts" / f"{program[1]}.py").exists(), name
        if carried:
            assert carried[1] == program[1], name


def test_every_rule_names_an_environment_that_exists() -> None:
    for name, body in rules().items():
        environment = re.search(r'"\.\./envs/([\w-]+\.yaml)"', body)
        assert environment, name
        assert (PROJECT / "envs" / environment[1]).exists(), name


def test_the_snakefile_imports_nothing_heavy() -> None:
    """Every job parses the Snakefile again."""
    code = (
        "import sys; sys.path.insert(0, 'scripts')\n"
        + "\n".join(
            ast.unparse(node)
            for node in ast.parse(re.sub(r"(?ms)^try:.*", "", _python_head())).body
            if isinstance(node, ast.Import | ast.ImportFrom) and "gradus" in ast.unparse(node)
        )
        + f"\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _python_head() -> str:
    text = (PROJECT / "Snakefile").read_text(encoding="utf-8")
    return text[: text.index("# A study file")]


def test_the_snakefile_is_a_page_and_no_rules_file_is_a_book() -> None:
    assert len((PROJECT / "Snakefile").read_text(encoding="utf-8").splitlines()) <= 90
    for path in RULE_FILES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path


def test_paths_are_written_in_one_place() -> None:
    for path in [*RULE_FILES, PROJECT / "Snakefile", *(PROJECT / "scripts").glob("*.py")]:
        assert not re.search(r"[\"']results/", path.read_text(encoding="utf-8")), path


def test_nothing_evaluates_or_unpickles() -> None:
    for path in (PROJECT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("eval", "exec", "pickle.load", "pickle.loads", "torch.load"), (path, name)
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert keywords.get("shell") != "True", path
                assert keywords.get("trust_remote_code") != "True", path


def test_modules_are_rooms_not_halls() -> None:
    for path in (PROJECT / "scripts").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 420, path
        assert path.stem not in ("utils", "helpers", "common", "misc"), path


def test_the_cluster_profile_is_found_by_its_name_and_asks_for_what_it_needs(project_copy: Path) -> None:
    """`snakemake --profile slurm` from a clean copy, without the variables and with them (nothing is submitted)."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--executor", "dryrun"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADUS_")}
    bare = subprocess.run(command, cwd=project_copy, env=kept, capture_output=True, text=True)
    assert bare.returncode == 1
    needed = "GRADUS_ACCOUNT, GRADUS_CPU_PARTITION, GRADUS_GPU_PARTITION"
    assert f"error: the cluster profile needs {needed} in the environment" in bare.stdout + bare.stderr
    told = {"GRADUS_ACCOUNT": "lab", "GRADUS_CPU_PARTITION": "cpu", "GRADUS_GPU_PARTITION": "gpu"}
    done = subprocess.run(command, cwd=project_copy, env={**kept, **told}, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    profile = yaml.safe_load((PROJECT / "profiles" / "slurm" / "profile.yaml").read_text(encoding="utf-8"))
    both = yaml.safe_load((PROJECT / "profiles" / "default" / "profile.yaml").read_text(encoding="utf-8"))
    assert profile["resources"] == both["resources"]
    names = {
        name for path in RULE_FILES for name in re.findall(r"(?m)^(?:rule|use rule \w+ as) (\w+)", path.read_text())
    }
    assert set(profile["set-resources"]) <= names
