"""Write the findings of a study in words, its claims, recommendations and headline numbers."""

from pathlib import Path

from gradus.analysis.collection import collect, costs
from gradus.analysis.kinds import by_kind
from gradus.analysis.published import read
from gradus.analysis.published_comparison import compare_with_published
from gradus.analysis.recommendation import recommendations
from gradus.analysis.summaries import summaries
from gradus.presentation import published_comparison, spent
from gradus.presentation.claims import recommendations_csv, statements_csv
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.figure import drawn
from gradus.presentation.findings import findings, picture_of, study_statements
from gradus.presentation.headline import headline, headline_text
from gradus.presentation.pages import to_page
from gradus.results.spent import spent_by_stage
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_json, write_text
from gradus.study.declaration import trainings_before
from gradus.study.grid import supervisions


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--headline", required=True, help="where the headline numbers go")
    options.add_argument("--page", required=True, help="where the findings go as a web page")
    options.add_argument("--claims", required=True, help="where the tested statements go as a table")
    options.add_argument("--numbers", required=True, help="the paper's published numbers")
    options.add_argument("--published", required=True, help="where the comparison with them goes as a table")
    options.add_argument("--spent", required=True, help="where what the study took goes as a table")
    options.add_argument("--recommendation", required=True, help="where the recommendations go as a table")
    options.add_argument("--output", required=True)
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study = results.study
    audits = [results.dataset_audit(name) for name in study.datasets]
    manifests = {supervision: results.annotation_manifest(supervision) for supervision in supervisions(study)}
    conditions = {name: summaries(results, experiment) for name, experiment in study.experiments.items()}
    evidence = collect(results)
    recommended = recommendations(evidence, costs(results))
    statements = study_statements(study, evidence, trainings_before(study, results.root))
    write_text(given.claims, statements_csv(statements))
    write_text(given.recommendation, recommendations_csv(recommended))
    comparisons = compare_with_published(evidence, read(Path(given.numbers)))
    write_text(given.published, published_comparison.to_csv(comparisons))
    write_text(given.spent, spent.to_csv(spent_by_stage(Path(given.study).parent, study)))
    kinds = [
        one
        for name, section in study.datasets.items()
        for one in by_kind(evidence, name, results.problems(name, "test"), section.source)
    ]
    text = findings(study, conditions, evidence, statements, recommended, audits, manifests, kinds)
    text += published_comparison.to_markdown(comparisons) + spent.POINTER
    write_text(given.output, text)
    pictures = {
        picture_of(name): drawn(experiment_figure(experiment, conditions[name]), "svg")
        for name, experiment in study.experiments.items()
    }
    write_text(given.page, to_page(text, study.study, pictures))
    facts = headline(study, conditions, evidence)
    write_json(given.headline, {**facts, "text": headline_text(facts)})


if __name__ == "__main__":
    program.run(main)
