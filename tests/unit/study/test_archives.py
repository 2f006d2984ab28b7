"""What an archive will miss is known from the study file, before anything runs."""

from builders import tiny_study

from gradus.study.config import load


def test_what_nobody_said_is_named() -> None:
    config = tiny_study()
    config["archive"] = {}
    assert [line.split(":")[0] for line in load(config).archive.unset()] == [
        "archive.authors",
        "archive.licence",
        "archive.title",
    ]
    config["archive"] = {"title": "T", "licence": "CC-BY-4.0", "authors": [{"name": "Doe, Jo"}]}
    assert load(config).archive.unset() == []
