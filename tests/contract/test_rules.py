"""Promises about the rules: the rules of the house (docs/background/architecture.md), asked of Snakemake's own objects.

The rules are read with ``use rule ... with`` resolved, and checked on every job of a study that needs all of them.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rule_objects import Job, Rule, Rules, load_rules
from running import PROJECT, TARGETS

from gradus.study import paths
from gradus.study.fingerprint import fingerprint

RULE_FILES = sorted((PROJECT / "rules").glob("*.smk"))
ALWAYS_RUN = {"plan", "so_far"}
ONLY_ASKED_FOR = {"explorer_texts"}  # by name alone: no other rule needs what it makes
HEAVY = ("torch", "transformers", "datasets", "pandas", "deepspeed", "matplotlib", "scipy", "numpy")
# Files that can pass Snakemake's checksum limit, and where their manifests are.
LARGE = (
    paths.PROBLEMS,
    paths.ANNOTATIONS,
    paths.TEACHER_ANSWERS,
    paths.TEXT_SCORES,
    paths.TRAINING_SET,
    paths.PREDICTIONS,
    paths.SCORED,
    paths.BASE_MODEL,
    paths.WEIGHTS,
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    study = PROJECT / "tests" / "contract" / "every_rule.yaml"
    return load_rules(study, sorted(TARGETS | ALWAYS_RUN | ONLY_ASKED_FOR), tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="module")
def rules(loaded: Rules) -> dict[str, Rule]:
    """The rules that run something."""
    return {name: rule for name, rule in loaded.rules.items() if name not in TARGETS}


@pytest.fixture(scope="module")
def jobs(loaded: Rules) -> list[Job]:
    return [job for job in loaded.jobs if job.rule not in TARGETS]


def test_the_jobs_below_are_those_of_every_rule(loaded: Rules) -> None:
    assert {job.rule for job in loaded.jobs} == set(loaded.rules)
    assert {"annotate_served", "teacher_answers_served", "train_on_nodes", "exhibit_figure", "batch_collect"} <= set(
        loaded.rules
    )


def test_a_transform_may_have_a_dot_in_its_name(jobs: list[Job]) -> None:
    made = [job.rule for job in jobs for path in job.outputs if "/annotations/gradeschool/tutor/padded.L5/" in path]
    assert set(made) == {"transform"}


def test_transforms_take_what_is_trained_on_and_are_made_one_after_the_other(jobs: list[Job]) -> None:
    made = {
        job.outputs[0].split("/tutor/")[1]: job
        for job in jobs
        if job.rule == "transform" and "/tutor/" in job.outputs[0]
    }
    assert "--take agrees,disagrees" in made["few/L5.jsonl"].command
    assert "--take" not in made["half.unchecked/L5.jsonl"].command
    assert any("tutor/unchecked/L5" in path for path in made["half.unchecked/L5.jsonl"].inputs)
    assert set(made) >= {"unchecked/L5.jsonl"}


def test_a_mixture_by_pass_rate_asks_a_student_the_training_problems(jobs: list[Job]) -> None:
    (made,) = [job for job in jobs if any(path.endswith("mixed/by-skill/native.jsonl") for path in job.outputs)]
    solved = "metrics/gradeschool/base/untaught/native/built/seed0/train/greedy.rows.jsonl"
    assert f"--solved results/every-rule/{solved}" in made.command
    (asked,) = [job for job in jobs if any("/seed0/train/greedy.jsonl" in path for path in job.outputs)]
    assert asked.rule == "generate" and any(path.endswith("data/gradeschool/train.jsonl") for path in asked.inputs)
    assert not any("/leaks/" in path for path in asked.inputs)


def test_every_rule_has_every_directive(rules: dict[str, Rule]) -> None:
    needed = {"log", "benchmark", "conda_env", "threads", "resources", "params", "message", "shellcmd"}
    for name, rule in rules.items():
        # A benchmark file counts as a product: what has no other would be made once and never again.
        missing = needed - rule.directives - ({"benchmark"} if name in ALWAYS_RUN else set())
        assert not missing, f"rule {name} has no {', '.join(missing)}"
        assert {"interpreter", "mem_mb", "runtime"} <= rule.resources, name


def test_targets_run_nothing_and_say_what_they_make(loaded: Rules) -> None:
    for name in TARGETS:
        assert loaded.rules[name].directives <= {"input", "docstring"}, name
        assert loaded.rules[name].docstring, name


def test_no_rule_runs_python_inside_snakemake(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert rule.shell and not rule.directives & {"script", "notebook", "wrapper"}, name


def test_inputs_and_outputs_are_named(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert all(rule.input_names), name
        assert len(rule.output_names) == 1 or all(rule.output_names), name


def test_what_decides_bytes_reaches_a_rule_through_params(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert not re.search(r"\{(study|config|input\.\w+\[)", rule.shell), name
        for directive, arguments in rule.functions:
            assert set(arguments) <= {"wildcards", "_", "attempt"}, f"rule {name}: {directive} depends on {arguments}"
    for path in [*RULE_FILES, PROJECT / "Snakefile"]:
        assert "config[" not in path.read_text(encoding="utf-8"), path


def test_every_rule_carries_the_fingerprint_of_the_program_that_it_starts(
    rules: dict[str, Rule], jobs: list[Job]
) -> None:
    programs = {}
    for name, rule in rules.items():
        found = re.findall(r'"\$GRADUS"/scripts/(\w+)\.py', rule.shell)
        assert len(re.findall(r"\$GRADUS\b", rule.shell)) == rule.shell.count('"$GRADUS"/'), (
            f"{name}: the project's path may hold a blank"
        )
        assert len(found) == 1 and (PROJECT / "scripts" / f"{found[0]}.py").exists(), name
        programs[name] = found[0]
    for job in jobs:
        carried = None if job.rule in {"study", *ALWAYS_RUN} else fingerprint(programs[job.rule])
        assert job.params.get("code") == carried, job.rule


def test_large_inputs_are_ancient_and_have_their_manifest(jobs: list[Job]) -> None:
    """Files that can pass the checksum limit are decided by their manifest, not by the clock."""
    seen = set()
    for job in jobs:
        for path in job.inputs:
            for artifact in LARGE:
                values = artifact.wildcards_in(path)
                if values:
                    seen.add(artifact)
                    assert path in job.ancient, f"rule {job.rule}: {path}"
                    assert artifact.manifest.format(**values) in job.inputs, f"rule {job.rule}: {path}"
        for path in job.ancient:
            assert any(artifact.wildcards_in(path) for artifact in LARGE), f"rule {job.rule}: {path} is small"
    assert seen == set(LARGE)


def test_logs_and_benchmarks_mirror_an_output(jobs: list[Job]) -> None:
    written: dict[str, str] = {}
    for job in jobs:
        assert len(job.log) == 1, job.rule
        # A folder of outputs has one log: that of a checkpoint mirrors the checkpoint.
        around = [path for output in job.outputs for path in (output, output.rpartition("/")[0]) if path.count("/") > 1]
        outputs = [paths.Artifact(path) for path in around]
        if job.rule not in ALWAYS_RUN:
            assert job.log[0] in {output.log for output in outputs}, f"rule {job.rule}: {job.log[0]}"
            assert job.benchmark in {output.benchmark for output in outputs}, f"rule {job.rule}: {job.benchmark}"
        other = written.setdefault(job.log[0], job.name)
        assert other == job.name, f"{other} and {job.name} write the log {job.log[0]}"


def test_every_job_writes_its_output_into_its_log(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert re.search(r"2>&1 \| .*tee \{log:q\}", rule.shell), name


def test_every_rule_names_an_environment_that_exists(rules: dict[str, Rule]) -> None:
    for name, rule in rules.items():
        assert re.fullmatch(r"\.\./envs/[\w-]+\.yaml", rule.environment), name
        assert (PROJECT / "rules" / rule.environment).exists(), name


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


def test_a_rules_file_has_the_name_of_a_room() -> None:
    """``targets.smk`` has what can be asked for by name; a room of several pages adds a word: ``teachers_batch.smk``."""
    rooms = {path.name for path in (PROJECT / "scripts" / "gradus").iterdir()}
    for path in RULE_FILES:
        assert path.stem == "targets" or path.stem.split("_")[0] in rooms, path


def test_paths_are_written_in_one_place() -> None:
    for path in [*RULE_FILES, PROJECT / "Snakefile", *(PROJECT / "scripts").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\"']results/", text), path
        assert path.suffix == ".py" or not re.search(r"\.replace\(|\.jsonl?\b|\bancient\([^)]", text), path


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


def test_the_cluster_profile_is_found_by_its_name_and_asks_for_what_it_needs(project_copy: Path, loaded: Rules) -> None:
    """`snakemake --profile slurm` from a clean copy, without the variables and with them (nothing is submitted)."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--executor", "dryrun"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADUS_")}
    bare = subprocess.run(command, cwd=project_copy, env=kept, capture_output=True, text=True)
    assert bare.returncode == 1
    needed = "GRADUS_ACCOUNT, GRADUS_CPU_PARTITION, GRADUS_GPU_PARTITION"
    assert f"error: the cluster profile needs {needed} in the environment" in bare.stdout + bare.stderr
    site = {"GRADUS_ACCOUNT": "lab", "GRADUS_CPU_PARTITION": "cpu", "GRADUS_GPU_PARTITION": "gpu"}
    done = subprocess.run(command, cwd=project_copy, env={**kept, **site}, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    profile = yaml.safe_load((PROJECT / "profiles" / "slurm" / "profile.yaml").read_text(encoding="utf-8"))
    assert set(profile["set-resources"]) <= set(loaded.rules)
    wants_gpus = {name for name, rule in loaded.rules.items() if "gpu" in rule.resources}
    assert wants_gpus <= set(profile["set-resources"])
