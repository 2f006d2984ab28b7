"""What to use, of the supervisions of a study; and that every statement is told."""

import csv
import io
import math

from made_evidence import BASELINE, levels, place, printed

from gradus.analysis.claims.catalogue import TITLES, judged_claims
from gradus.analysis.claims.statements import VERDICTS
from gradus.analysis.evidence import Evidence
from gradus.analysis.recommendation import Cost, recommendations
from gradus.presentation.claims import (
    recommendations_csv,
    recommendations_markdown,
    statements_csv,
    statements_markdown,
)
from gradus.statistics.measurements import Summary


def test_recommendation_takes_the_cheapest_of_those_that_may_be_best() -> None:
    values = {"t/original/L1": 0.500, "t/original/L5": 0.505, "t/original/L6": 0.300}
    evidence = Evidence(printed(values))
    keys = {name: (place(name), "s") for name in values}
    prices = {"t/original/L1": 1.0, "t/original/L5": 9.0, "t/original/L6": 0.1}
    costs = {keys[name]: Cost(price, 100, 100, 10) for name, price in prices.items()}
    (one,) = recommendations(evidence, costs)
    assert (str(one.best), str(one.cheapest)) == ("svamp/t/original/L5", "svamp/t/original/L1")
    assert len(one.kept) == 2 and one.reach == "conditions on these problems"
    assert 0.005 < one.cheapest_loss < 0.06
    unpriced = {key: Cost(None, tokens, 100, 10) for key, tokens in zip(keys.values(), (50, 5, 1), strict=True)}
    assert str(recommendations(evidence, unpriced)[0].cheapest) == "svamp/t/original/L5"
    assert recommendations(evidence)[0].cheapest == one.best
    table = list(csv.DictReader(io.StringIO(recommendations_csv([one]))))
    assert table[0]["may_be_best"].split() == ["t/original/L5", "t/original/L1"]
    assert table[0]["price_usd"] == "1" and "95 %" in recommendations_markdown([one])


def test_telling_holds_every_statement() -> None:
    values = {**levels(0.3, 0.4, 0.5, 0.4, 0.3), BASELINE: 0.2}
    evidence = Evidence(printed(values), {place(name): Summary(0.9, None, 1, 300) for name in levels(0, 0, 0)})
    family = judged_claims(evidence)
    table = list(csv.DictReader(io.StringIO(statements_csv(family))))
    assert [row["claim"] for row in table] == [one.claim for one in family]
    assert {row["verdict"] for row in table} <= set(VERDICTS)
    page = statements_markdown(family)
    for one in family:
        assert TITLES[one.claim] in page and one.subject in page
        assert math.isfinite(one.low) and one.low <= one.estimate <= one.high and 0 <= one.power <= 1
