"""Let a student answer problems: a trained one, or a base model that was taught nothing."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gradus.evaluation.engines import Engine, GenerationLimits
from gradus.evaluation.generation import finished, generate, longest_output
from gradus.records import Prediction, Problem
from gradus.results.set_aside import answers_in_progress, drop, is_set_aside, manifest_aside, open_store, take_back
from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file
from gradus.runtime.environment import gpus_here, submitted_job, work_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_manifest, read_records, write_records
from gradus.runtime.leases import lease
from gradus.students.base_models import model_source, refuse_beyond_positions, student_template
from gradus.students.damage import manifest_of, refuse_changed, refuse_changed_base
from gradus.students.templates import TEMPLATE_FILE, Template
from gradus.students.tokens import Tokens, load_tokens
from gradus.students.training.checkpoints import progress_folder
from gradus.students.training.publication import drop_kept
from gradus.students.worked_examples import worked_examples
from gradus.study.config.decodings import Decoding
from gradus.study.config.options import section_option
from gradus.study.config.teachers import NoTeacher
from gradus.study.fingerprint import fingerprint
from gradus.study.paths import PROBLEMS, Artifact, on_dataset


@dataclass(frozen=True)
class Writer:
    """Who answers, and how it is asked.

    ``files``: the hashes of what decides its weights; ``longest``: most tokens of an answer; ``worked``: questions and answers
    shown before every question; ``kept``: the training whose progress is not needed any more once the predictions exist.
    """

    weights: Path
    files: dict[str, str]
    template: Template
    longest: int
    stop_strings: tuple[str, ...]
    worked: tuple[tuple[str, str], ...] = ()
    kept: Path | None = None


@dataclass(frozen=True)
class Asked:
    """The problems of one file, who answers them, and the hash of all that decides the answers."""

    problems: list[Problem]
    writer: Writer
    identity: str

    @property
    def shared_as(self) -> dict[str, str]:
        """How a group's store knows the answers."""
        return {"predictions": self.identity}

    @property
    def progress(self) -> Path:
        """Where finished batches are kept."""
        return answers_in_progress(self.identity)


def command_line() -> ArgumentParser:
    options = program.parser(__doc__)
    options.add_argument("--problems", required=True, help="the problems that are asked")
    options.add_argument("--checkpoint", help="a trained student's folder")
    options.add_argument("--training-set-manifest", help="has the lengths that it learned to write")
    options.add_argument("--student", help="the base model's folder, where it answers itself")
    options.add_argument("--untaught", type=section_option("--untaught", NoTeacher), help="how it is asked, as JSON")
    options.add_argument("--train-problems", help="where its worked examples come from")
    options.add_argument(
        "--settings", required=True, type=section_option("--settings", Decoding), help="the decoding's entry as JSON"
    )
    options.add_argument(
        "--ahead",
        nargs="+",
        default=[],
        help="other datasets' problems that jobs after this one ask the same student: they are answered here, while its model "
        "is loaded, and published there",
    )
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--output", required=True)
    return options


def main() -> None:
    given = command_line().parse_args()
    output = Artifact(given.output)
    record = program.RunRecord(given.output)
    record.note(gpus=1 if gpus_here() else 0)
    own = asked(given, given.problems)
    engine = EngineOnce(given)
    if written_again(output, own.identity):
        program.log.info("%s: nothing that decides it has changed; it is published again", given.output)
        answer_ahead(given, engine)
        return
    store = open_store()
    if store is not None and store.take_records("predictions", own.shared_as, Path(given.output)):
        program.log.info("%s: taken from %s; nothing is generated", given.output, store.root)
        answer_ahead(given, engine)
        return
    with lease(own.progress, f"predictions {given.output}"):
        predictions = answers(own, given.settings, engine)
        truncated = sum(prediction.finish_reason == "length" for prediction in predictions)
        longest = own.writer.longest
        write_records(given.output, predictions, truncated=truncated, max_new_tokens=longest, identity=own.identity)
        answer_ahead(given, engine)
        if submitted_job() is None:  # else it is kept until the answers are scored
            own.progress.unlink(missing_ok=True)  # last: Snakemake deletes the output of a job that ends before its end
    record.write(output.run_record, completion_tokens=sum(p.completion_tokens for p in predictions))
    if store is not None:
        store.put_records("predictions", own.shared_as, Path(given.output))
    if own.writer.kept is not None:
        drop_kept(own.writer.kept)


def asked(given: Namespace, file: str) -> Asked:
    """The problems of a file for the student of this job."""
    decoding: Decoding = given.settings
    problems = read_records(file, Problem)
    if given.student:
        training = read_records(given.train_problems, Problem) if given.train_problems else []
        writer = untaught(Path(given.student), given.untaught, decoding, problems, training)
    else:
        writer = trained(Path(given.checkpoint), given.training_set_manifest, decoding)
    identity = {
        "problems": read_manifest(file)["sha256"],
        "files": writer.files,
        "settings": decoding.model_dump(),
        "longest": writer.longest,
        "code": fingerprint("generate"),
        **({"worked": writer.worked, "stop_strings": writer.stop_strings} if given.student else {}),
    }
    return Asked(problems, writer, sha256_bytes(canonical_json(identity).encode())[:32])


class EngineOnce:
    """The engine of this job's student, loaded when the first text has to be written, and once."""

    def __init__(self, given: Namespace) -> None:
        self._decoding, self._threads = given.settings, given.threads
        self._engine: Engine | None = None

    def of(self, writer: Writer, tokens: Tokens) -> Engine:
        """The engine; its limits are the same whatever the student is asked."""
        if self._engine is None:
            limits = GenerationLimits(
                ends=tuple(sorted({writer.template.end_id(tokens), tokens.eos_id})),
                longest=writer.longest,
                temperature=self._decoding.temperature,
                beams=self._decoding.beams,
                memory_bytes=int(self._decoding.memory_gib * 2**30),
            )
            self._engine = load_engine(self._decoding, writer.weights, limits, tokens.pad_id, self._threads)
        return self._engine


def answers(one: Asked, decoding: Decoding, engine: EngineOnce) -> list[Prediction]:
    """The answers to all problems of a file; without a model where they were all written before."""
    written = finished(one.progress, one.problems, decoding.samples)
    if written is not None:
        return written
    writer, tokens = one.writer, load_tokens(one.writer.weights)
    prompts = (writer.template.prompt(problem, writer.worked, tokens.opening) for problem in one.problems)
    longest_prompt = max(len(tokens.encode(prompt)) for prompt in prompts)
    refuse_beyond_positions(writer.weights, longest_prompt, writer.longest, len(writer.worked))
    return generate(
        engine.of(writer, tokens),
        tokens,
        writer.template,
        one.problems,
        one.progress,
        decoding.samples,
        writer.stop_strings,
        writer.worked,
    )


def answer_ahead(given: Namespace, engine: EngineOnce) -> None:
    """Write down as progress what the jobs after this one will publish; what hinders that, they will tell themselves."""
    store = open_store() if given.ahead else None
    for file in given.ahead:
        place = PROBLEMS.wildcards_in(file)
        if place is None or not Path(Artifact(file).manifest).exists():
            continue  # read later in this run: its own job will answer
        output = Artifact(Path(given.output).parent.parent / on_dataset(place["dataset"]) / Path(given.output).name)
        try:
            one = asked(given, file)
            shared = store is not None and store.has("predictions", one.shared_as)
            if not shared and not is_published(output, one.identity):
                with lease(one.progress, f"predictions {output}"):
                    answers(one, given.settings, engine)
        except UserError as error:
            program.log.warning("%s: %s", output, error)
        except Exception as error:  # this job's own answers are written
            said = (str(error).splitlines() or [type(error).__name__])[0]
            program.log.warning("%s: not answered ahead (%s)", output, said)


def is_published(output: Artifact, identity: str) -> bool:
    """Whether these predictions are there, or wait for their job where it has set them aside."""
    manifests = [Path(path) for path in (output.manifest, output.manifest.aside)]
    return any(path.exists() and read_json(path).get("identity") == identity for path in manifests)


def written_again(output: Artifact, identity: str) -> bool:
    """Put the predictions back that were there before this job, if these are they; else they are deleted."""
    if not is_set_aside(output.both):
        return False
    before = manifest_aside(output.manifest)
    if before.get("identity") != identity or before.get("sha256") != sha256_file(output.aside):
        drop(output.both)
        return False
    take_back(output.both)
    return True


def trained(folder: Path, training_set: str, decoding: Decoding) -> Writer:
    """A checkpoint, its weights compared with what training wrote."""
    weights, manifest = folder / "weights", checked_manifest(folder)
    return Writer(
        weights,
        manifest["files"],
        Template(**read_json(weights / TEMPLATE_FILE)),
        longest_output(decoding.max_new_tokens, read_json(training_set)),
        tuple(decoding.stop_strings),
        kept=progress_folder(work_folder(), manifest["identity"]),
    )


@cache
def checked_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a checkpoint whose files are those that it tells of; read once, however much is asked."""
    found = dict(manifest_of(folder))
    if not found.get("files") or found.get("identity") is None:
        raise UserError(
            "is not what training wrote", where=folder / "manifest.json", hint=f"delete {folder} and run again"
        )
    refuse_changed(folder / "weights", found["files"], folder)
    return found


def untaught(
    student: Path, settings: NoTeacher, decoding: Decoding, asked: list[Problem], training: list[Problem]
) -> Writer:
    """The base model itself; its text also ends where it asks itself a further question, for nothing taught it to stop."""
    refuse_changed_base(student)
    weights, template = model_source(student), student_template(student)
    tokens = load_tokens(weights)
    further = template.next_question(tokens)
    worked = worked_examples(training, asked, settings.shots, settings.seed, template, tokens) if settings.shots else []
    return Writer(
        weights,
        {"manifest.json": sha256_file(student / "manifest.json")},
        template,
        settings.max_new_tokens if decoding.max_new_tokens == "auto" else decoding.max_new_tokens,
        (*decoding.stop_strings, *([further] if further else [])),
        tuple(worked),
    )


def load_engine(decoding: Decoding, weights: Path, limits: GenerationLimits, pad_id: int, threads: int) -> Engine:
    """The engine that a decoding names."""
    load = engine_class(decoding.engine)
    if decoding.engine == "vllm":
        return load(weights, limits)
    if decoding.engine == "continuous":
        return load(weights, limits, pad_id, threads)
    return load(weights, limits, pad_id, decoding.batch_size, threads)


def engine_class(name: str) -> Callable[..., Engine]:
    """The class of an engine; only its own libraries are imported."""
    if name == "vllm":
        from gradus.evaluation.engines.vllm import VllmEngine

        return VllmEngine
    if name == "continuous":
        from gradus.evaluation.engines.continuous import ContinuousEngine

        return ContinuousEngine
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    return StepwiseEngine


def prepare(arguments: Sequence[str]) -> None:
    """Import what jobs like this one need to load their models (``runtime.starter``)."""
    given = command_line().parse_args(arguments)
    engine_class(given.settings.engine)
    if given.settings.engine != "vllm":
        from gradus.students.model_code import import_model_code

        import_model_code(Path(given.checkpoint) / "weights" if given.checkpoint else model_source(given.student))


def run() -> None:
    """The program, in whichever process."""
    program.run(main)


if __name__ == "__main__":
    program.run_from_starter("generate", run)
