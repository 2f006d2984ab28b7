"""What a site says of itself, and what follows for a run."""

from gradus.workflow.site_promises import Site, lowest_limit, remarks

ASSOCIATIONS = "lab|50|||normal\nother|3|||normal,long\n"
QUALITIES = "normal|||\nlong|20||200\nsmall|5||\n"


def test_the_lowest_limit_of_account_and_qos_counts() -> None:
    assert lowest_limit(ASSOCIATIONS, QUALITIES, {"lab"}, set()) == (50, "account lab")
    assert lowest_limit(ASSOCIATIONS, QUALITIES, {"lab"}, {"small"}) == (5, "QOS small")
    assert lowest_limit(ASSOCIATIONS, QUALITIES, {"lab"}, {"long"}) == (20, "QOS long")


def test_without_limits_or_answers_there_is_none() -> None:
    assert lowest_limit("lab||||normal\n", "normal|||\n", {"lab"}, set()) is None
    assert lowest_limit("", "", {"lab"}, {"small"}) is None


def test_a_default_qos_counts_where_jobs_name_none() -> None:
    assert lowest_limit("lab|||small|normal,small\n", QUALITIES, {"lab"}, set()) == (5, "QOS small")
    assert lowest_limit("lab||||small\n", QUALITIES, {"lab"}, set()) == (5, "QOS small")


def test_what_is_missing_is_told() -> None:
    (limit,) = remarks(Site(5, "QOS small"), slots=100)
    assert "QOS small lets 5 of your jobs" in limit and "--jobs is 100" in limit
    (forgotten,) = remarks(Site(accounting=False, remembered=60), slots=100)
    assert "judged by its files" in forgotten
    assert remarks(Site(200, "QOS long", True, 300), slots=100) == []
    assert remarks(Site(), slots=100) == []
