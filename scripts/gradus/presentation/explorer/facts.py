"""Facts: what the explorer's page knows beside the texts, as the JSON that its program reads."""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
from typing import NotRequired, TypedDict

from gradus.records.vocabulary import Split


class ProblemFacts(TypedDict):
    """A problem whose texts are shown; ``choices`` in letter order."""

    id: str
    question: str
    choices: tuple[str, ...] | None
    answer: str


class PointFacts(TypedDict):
    """A condition of an experiment: in which panel, over which tick and on which line it is drawn, and what was measured.

    What is measured is absent until a run is scored: mean accuracy with its interval, standard deviation over seeds, marks.
    """

    dataset: str
    supervision: str
    student: str
    runs_wanted: int
    panel: str
    tick: str
    series: str
    is_baseline: bool
    accuracy: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    sd: NotRequired[float | None]
    n: NotRequired[int]
    runs: NotRequired[int]
    frequent: NotRequired[float]
    marks: NotRequired[str]
    development: NotRequired[float]
    development_n: NotRequired[int]


class ExperimentFacts(TypedDict):
    """An experiment; ``connected`` where lines lead from tick to tick, ``ticks`` are the values of a parameter."""

    name: str
    question: str
    axis: str
    connected: bool
    ticks: list[str]
    points: list[PointFacts]


class DevelopmentFacts(TypedDict):
    """A cell's accuracy on the development problems."""

    accuracy: float
    interval_low: float
    interval_high: float
    n: int


class CellFacts(TypedDict):
    """A cell: where it stands, and its scores, training and price where it is done (``why`` it is not, elsewhere)."""

    dataset: str
    teacher: str
    format: str
    level: str
    student: str
    seed: str
    status: str
    why: NotRequired[str]
    n: NotRequired[int]
    samples: NotRequired[int]
    accuracy: NotRequired[float]
    interval_low: NotRequired[float]
    interval_high: NotRequired[float]
    strict_accuracy: NotRequired[float]
    truncated: NotRequired[int]
    unparsable: NotRequired[int]
    mean_completion_tokens: NotRequired[float]
    most_frequent_answer_accuracy: NotRequired[float]
    chance_accuracy: NotRequired[float]
    training_examples: NotRequired[int]
    development: NotRequired[DevelopmentFacts]
    leaked: NotRequired[bool]
    excerpt: NotRequired[bool]
    no_end: NotRequired[bool]
    curve: NotRequired[list[tuple[int, float]]]
    seconds: NotRequired[float]
    training_tokens: NotRequired[int]
    price_usd: NotRequired[float | None]
    teacher_tokens: NotRequired[int]


class AnnotationFacts(TypedDict):
    """The audit of a supervision's texts: rows, mean words, price, and how many rows have each defect that was found."""

    supervision: str
    rows: int
    verdicts: dict[str, int]
    words: float
    price_usd: float | None
    excerpt: bool
    findings: dict[str, int]


class RationaleFacts(TypedDict):
    """Whose the teachers' texts are that stand in the page."""

    dataset: str
    teacher: str
    format: str
    level: str
    supervision: str
    split: Split


class StudyFacts(TypedDict):
    """All that is told of a study; the tables of tests are their rows as text, ``since_claims`` the cells they do not know.

    ``more`` has the number of test problems in each file beside the page, ``links`` addresses from the page's folder.
    """

    study: str
    about: str
    decoding: str
    axes: dict[str, list[str]]
    weights: dict[str, int]
    experiments: list[ExperimentFacts]
    cells: list[CellFacts]
    problems: dict[str, list[ProblemFacts]]
    more: dict[str, list[int]]
    training_problems: dict[str, list[ProblemFacts]]
    links: dict[str, str]
    claims: list[dict[str, str]]
    recommendations: list[dict[str, str]]
    since_claims: int
    datasets: list[dict[str, str | int]]
    annotations: list[AnnotationFacts]
    rationales: NotRequired[list[RationaleFacts]]
    reload_seconds: NotRequired[float]


class BlockFacts(TypedDict):
    """A file beside the page: its problems, and the packed texts by the place of a cell or of a teacher's texts."""

    problems: list[ProblemFacts]
    samples: dict[str, str]
    rationales: dict[str, str]
