"""The study file as a whole: its experiments, and the names that must exist."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from gradus.records.vocabulary import ANSWER_ONLY, FORMATS, NATIVE, UNTAUGHT, Verdict
from gradus.runtime.errors import Mistakes, UserError
from gradus.study.config.archives import Archive
from gradus.study.config.axes import LISTS, base_of
from gradus.study.config.commands import command_words
from gradus.study.config.datasets import Dataset, is_nested
from gradus.study.config.decodings import Decoding
from gradus.study.config.experiments import NAMED_FORMATS, NAMED_LEVELS, Experiment, PrimaryContrast, TeacherAccuracy
from gradus.study.config.explanation import explain
from gradus.study.config.names import names_file_of_every_study, problem_of_names
from gradus.study.config.sections import Policy, Section, must_exist
from gradus.study.config.students import BuiltStudent, EarlierStudent, PretrainedStudent, Recipe, Student
from gradus.study.config.teachers import ChatTeacher, Teacher
from gradus.study.config.transform_sources import check_solver, check_sources
from gradus.study.config.transforms import Transform

Stage = Literal["data", "annotate", "train", "evaluate", "analyse", "generate-vllm"]


def _drop_all_but_agreement() -> dict[Verdict, Policy]:
    return {"agrees": "keep", "disagrees": "drop", "unparsable": "drop", "truncated": "drop", "refused": "drop"}


class Power(Section):
    """What devices take, where their counters do not tell: declared, and named so in `tables/spent.csv`."""

    gpu_watts: float = Field(0.0, ge=0, description="Watts of one GPU that works.")
    core_watts: float = Field(0.0, ge=0, description="Watts of one processor core that works.")


def _is_unset(value: object) -> bool:
    """Keys that came later leave the dump of a study that does not use them as it was."""
    return value is None


def _is_false(value: object) -> bool:
    return value is False


def _varies_something(section: str, experiment: Experiment) -> None:
    """UserError where no name of an experiment became a point of its axis: a built-in format has no key to vary."""
    axis = experiment.parameter
    if axis is None:
        return
    names = LISTS[axis.kind][0]
    if all(axis.without(name) == name for name in getattr(experiment, names)):
        raise UserError(
            f"nothing in its {names} has a key that axis {experiment.axis} varies",
            where=f"configuration key {section}.axis",
            hint="name a transform in `formats`" if axis.kind == "transform" else "name an entry that has it",
        )


class Study(Section):
    """A complete study file."""

    study: str = Field(description="Name of the study; its results lie in `results/NAME/`.")
    data_folder: str | None = Field(
        None,
        description="Folder of local dataset and annotation files; the environment variable GRADUS_DATA takes precedence.",
    )
    unavailable: list[str] | None = Field(
        None,
        description="Supervisions (`dataset/teacher/format/level`) whose released file is not there: listed, not run. Unset: "
        "found in the data folder when the study starts, and written into its `study.json`.",
    )
    about: str = Field("", description="What the study is for; printed in the report.")
    datasets: dict[str, Dataset] = Field(min_length=1, description="Problem sources by name.")
    teachers: dict[str, Teacher] = Field(min_length=1, description="Who writes rationales, by name.")
    students: dict[str, Student] = Field(min_length=1, description="Base models by name.")
    recipe: Recipe = Field(
        default_factory=lambda: Recipe.model_validate({}), description="The fine-tuning recipe of all students."
    )
    verdict_policy: dict[Verdict, Policy] = Field(
        default_factory=_drop_all_but_agreement,
        description="What a training set does with annotations of each verdict.",
    )
    retries: int = Field(
        2, ge=0, description="How often an annotation is drawn again whose verdict has the policy `retry`."
    )
    prompts: str | None = Field(None, description="Folder of prompt files; unset: the project's `prompts`.")
    interpreters: dict[Stage, str] = Field(
        default_factory=dict,
        description="Python (a path, or a command like `apptainer exec IMAGE python`) that runs the programs of a stage, "
        "for sites that use neither conda nor the project's virtual environment: "
        f"{', '.join(get_args(Stage))}.",
    )
    allow_leakage: bool = Field(False, description="Train on questions of the test split too; every table is marked.")
    budget_gpu_hours: float | None = Field(
        None,
        gt=0,
        exclude_if=_is_unset,
        description="GPU hours of all tries, failed ones included, at which no new training starts; finished ones stay.",
    )
    student_fits: bool = Field(
        False,
        exclude_if=_is_false,
        description="Read every supervision with every untrained student and score how natural it is: a table, a figure, "
        "and claim 11 of docs/background/statistics.md. `snakemake student_fits` computes the scores alone.",
    )
    power: Power | None = Field(
        None, exclude_if=_is_unset, description="Watts of devices, for the declared kWh of `tables/spent.csv`."
    )
    archive: Archive = Field(default_factory=lambda: Archive.model_validate({}), description="What the archive holds.")
    decodings: dict[str, Decoding] = Field(min_length=1, description="Ways of decoding, by name.")
    transforms: dict[str, Transform] = Field(
        default_factory=dict, description="Plug-ins that make supervisions from others; their names are formats."
    )
    experiments: dict[str, Experiment] = Field(min_length=1, description="Sub-grids by name.")
    teacher_accuracy: dict[str, TeacherAccuracy] = Field(
        default_factory=dict, description="Sub-grids of teachers' own accuracies, by name."
    )

    primary: dict[str, PrimaryContrast] = Field(
        default_factory=dict,
        description="Comparisons that are declared before the first training, by name: a family of tests of their own "
        "(docs/background/statistics.md).",
    )
    margins: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=dict,
        description="By dataset, the difference of accuracies (0 to 1) that does not matter; 0.03 where none is given.",
    )

    @field_validator(
        "study", "datasets", "teachers", "students", "decodings", "transforms", "experiments", "teacher_accuracy"
    )
    @classmethod
    def _names_are_file_names(cls, value: Any) -> Any:
        problem = problem_of_names([value] if isinstance(value, str) else value)
        if problem is not None:
            raise ValueError(problem)
        return value

    @field_validator("interpreters")
    @classmethod
    def _interpreters_are_commands(cls, value: dict[Stage, str]) -> dict[Stage, str]:
        for stage, command in value.items():
            try:
                command_words(command)
            except ValueError as error:
                raise UserError(
                    str(error),
                    where=f"configuration key interpreters.{stage}",
                    hint="write its words, or name a script",
                ) from None
        return value

    @model_validator(mode="after")
    def _names_exist(self) -> Study:
        mistakes = Mistakes()
        for name in self.transforms:
            with mistakes:
                if name.lower() in NAMED_FORMATS:
                    raise UserError(f"{name!r} is a built-in format", where=f"configuration key transforms.{name}")
        for label, experiment in self.experiments.items():
            with mistakes:
                self._experiment_fits(f"experiments.{label}", label, experiment)
        for label, accuracy in self.teacher_accuracy.items():
            with mistakes:
                self._axes_exist(f"teacher_accuracy.{label}", accuracy, ("datasets", "teachers"))
                for position, teacher in enumerate(accuracy.teachers):
                    if self.teachers[teacher].provider in ("gold", "human", "released", "mixed", "none"):
                        raise UserError(
                            f"teacher {teacher!r} does not solve problems, its accuracy would say nothing",
                            where=f"configuration key teacher_accuracy.{label}.teachers.{position}",
                        )
        for name in self.margins:
            with mistakes:
                must_exist(name, self.datasets, f"margins.{name}")
        for name in self.transforms:
            with mistakes:
                check_sources(name, self.transforms, self.teachers, self.students)
        for name, student in self.students.items():
            with mistakes:
                if isinstance(student, EarlierStudent):
                    self._is_kept(name, student)
                self._is_its_base_model(name, student)
                self._ranks_fit_nodes(name)
        mistakes.report()
        # What is declared, and who is asked, is looked for in experiments that are right.
        for name, transform in self.transforms.items():
            with mistakes:
                if (solver := transform.asked()) is not None:
                    check_solver(name, solver, self.transforms, self.teachers, self.decodings, self.experiments)
        for name, primary in self.primary.items():
            with mistakes:
                self._is_in_an_experiment(f"primary.{name}", primary)
        with mistakes:
            self._retries_can_differ()
        mistakes.report()
        return self

    def _experiment_fits(self, section: str, label: str, experiment: Experiment) -> None:
        if names_file_of_every_study(label):
            raise UserError(
                f"{label!r} names a file of every study",
                where=f"configuration key {section}",
                hint="choose another",
            )
        formats = (*NAMED_FORMATS, *self.transforms)
        mistakes = Mistakes()
        with mistakes:
            self._axes_exist(section, experiment, ("datasets", "teachers", "students", "decodings"))
        for position, format_ in enumerate(experiment.formats):
            with mistakes:
                must_exist(format_, formats, f"{section}.formats.{position}")
        for position, baseline in enumerate(experiment.baselines):
            parts = baseline.split("/")
            key = f"{section}.baselines.{position}"
            with mistakes:
                if len(parts) != 3:
                    raise UserError(f"{baseline!r} is not teacher/format/level", where=f"configuration key {key}")
                must_exist(parts[0], self.teachers, key)
                must_exist(parts[1], formats, key)
                must_exist(parts[2], NAMED_LEVELS, key)
                self._nobody_teaches_nothing(key, *parts)
        for position, name in enumerate(experiment.transfer):
            with mistakes:
                must_exist(name, self.datasets, f"{section}.transfer.{position}")
                if experiment.datasets == [name]:
                    raise UserError(
                        f"its cells are taught on {name!r} and asked its test problems anyway",
                        where=f"configuration key {section}.transfer.{position}",
                        hint="name another dataset",
                    )
        mistakes.report()
        _varies_something(section, experiment)
        self._sizes_are_nested(section, experiment)
        for teacher, format_, level in product(experiment.teachers, experiment.formats, experiment.levels):
            self._nobody_teaches_nothing(section, teacher, format_, level)

    def _sizes_are_nested(self, section: str, experiment: Experiment) -> None:
        """More examples are compared with fewer, and not with others."""
        axis = experiment.parameter
        if axis is None or (axis.kind, axis.keys) != ("dataset", ("train_size",)):
            return
        for name in experiment.datasets:
            if not is_nested(self.datasets[name]):
                raise UserError(
                    f"every size of {base_of(name)!r} would be a sample of its own, and the axis would compare samples too",
                    where=f"configuration key {section}.axis",
                    hint=f"write `sample: nested` beside the sample_seed of datasets.{base_of(name)}, or leave the seed out",
                )

    def _is_its_base_model(self, name: str, student: Student) -> None:
        """A point of a recipe is trained from the base model of its student."""
        base = self.students.get(base_of(name))
        if base is None or base.identity() != student.identity():
            raise UserError(
                f"{name!r} is no point of a student {base_of(name)!r}",
                where=f"configuration key students.{name}",
                hint="names with an `@` are those that an experiment's `values` and `sweep` make",
            )

    def _ranks_fit_nodes(self, name: str) -> None:
        ranks, nodes = self.recipe_of(name).ranks, self.students[name].resources.nodes
        if ranks % nodes:
            raise UserError(
                f"{ranks} ranks cannot be shared evenly by {nodes} nodes",
                where=f"configuration key students.{name}.resources.nodes",
                hint="recipe.ranks counts the ranks of all nodes together",
            )

    def policy_of(self, format_: str) -> dict[Verdict, Policy]:
        """What training sets of a format do with annotations of each verdict: a transform may have a policy of its own."""
        transform = self.transforms.get(format_)
        return dict(self.verdict_policy) if transform is None else transform.policy(self.verdict_policy)

    def _nobody_teaches_nothing(self, key: str, teacher: str, format_: str, level: str) -> None:
        """The base model itself is one supervision: `untaught` at level `native`, of a teacher that is nobody."""
        is_nobody = self.teachers[teacher].provider == "none"
        if is_nobody != (format_ == UNTAUGHT) or (is_nobody and level != NATIVE):
            raise UserError(
                f"{teacher}/{format_}/{level} is nothing that can be taught or tested",
                where=f"configuration key {key}",
                hint=f"the base model itself is `NAME/{UNTAUGHT}/{NATIVE}`, where NAME is a teacher with provider: none",
            )
        self._writes_what_is_asked(key, teacher, format_, level)

    def _writes_what_is_asked(self, key: str, teacher: str, format_: str, level: str) -> None:
        """Two teachers write one thing whatever they are asked for; levels of it would be compared with themselves."""
        provider = self.teachers[teacher].provider
        if provider == "gold" and format_ in FORMATS:
            what = f"gives answers without rationales: {teacher}/{ANSWER_ONLY}/{NATIVE}"
        elif provider == "human" and ((level != NATIVE and format_ in FORMATS) or format_ in NAMED_FORMATS[1:]):
            what = f"wrote one rationale a problem, at no chosen level: {teacher}/{FORMATS[0]}/{NATIVE}"
        else:
            return
        where = f"configuration key {key}"
        raise UserError(f"{teacher}/{format_}/{level} cannot be had", where=where, hint=f"provider {provider} {what}")

    def _is_kept(self, name: str, student: EarlierStudent) -> None:
        """UserError where the warm-up that a student is taken from keeps nothing for it."""
        must_exist(student.of, self.students, f"students.{name}.of")
        whole = self.students[student.of]
        if not isinstance(whole, BuiltStudent):
            raise UserError(
                f"{student.of!r} has no warm-up",
                where=f"configuration key students.{name}.of",
                hint="name a student of kind: built",
            )
        if student.share not in whole.keep_at:
            raise UserError(
                f"the warm-up of {student.of!r} keeps no weights after {student.share:g} of its steps",
                where=f"configuration key students.{name}.share",
                hint=f"write keep_at: {sorted([*whole.keep_at, student.share])} into students.{student.of}",
            )

    def _axes_exist(self, key: str, section: Any, axes: tuple[str, ...]) -> None:
        mistakes = Mistakes()
        for axis in axes:
            for position, name in enumerate(getattr(section, axis)):
                with mistakes:
                    must_exist(name, getattr(self, axis), f"{key}.{axis}.{position}")
        mistakes.report()

    def _is_in_an_experiment(self, key: str, primary: PrimaryContrast) -> None:
        """What is declared must be measured: both supervisions, on every dataset, with every student."""
        self._axes_exist(key, primary, ("datasets", "students"))
        if primary.first == primary.second or all(f"/{UNTAUGHT}/" in one for one in (primary.first, primary.second)):
            raise UserError(
                "nothing that was taught is compared with anything else",
                where=f"configuration key {key}",
                hint="`first` and `second` are two supervisions, one of them of a teacher",
            )
        for side in ("first", "second"):
            name = getattr(primary, side)
            parts = name.split("/")
            if len(parts) != 3:
                raise UserError(f"{name!r} is not teacher/format/level", where=f"configuration key {key}.{side}")
            for dataset in primary.datasets:
                for student in primary.students:
                    if not any(one.asks_for(dataset, parts, student) for one in self.experiments.values()):
                        raise UserError(
                            f"no experiment trains {student} with {name} on {dataset}",
                            where=f"configuration key {key}.{side}",
                            hint="add it to an experiment, or declare another comparison",
                        )

    def _retries_can_differ(self) -> None:
        """A retry at temperature 0 would pay for the same answer again."""
        if "retry" not in self.verdict_policy.values() or self.retries == 0:
            return
        for name, teacher in self.teachers.items():
            if isinstance(teacher, ChatTeacher) and teacher.temperature == 0:
                raise UserError(
                    "a verdict policy of retry would pay for the same answer again at temperature 0",
                    where=f"configuration key teachers.{name}.temperature",
                    hint="raise the temperature, or choose another policy",
                )

    def origin_of(self, student: str) -> BuiltStudent | PretrainedStudent:
        """The entry whose shape a student has: its own, or that of the student whose earlier weights it is."""
        section = self.students[student]
        if isinstance(section, EarlierStudent):
            whole = self.students[section.of]
            assert isinstance(whole, BuiltStudent)  # checked when the study was read
            return whole
        return section

    def recipe_of(self, student: str) -> Recipe:
        """The fine-tuning recipe of one student: the study's with the student's own keys, or its own preset's."""
        own = self.students[student].recipe
        merged = own if "preset" in own else {**self.recipe.model_dump(), **own}
        try:
            return Recipe.model_validate(merged)
        except ValidationError as error:
            raise explain(error, merged, Recipe, prefix=f"students.{student}.recipe") from None
