"""The closing lines name the command as somebody would type it."""

from gradus.workflow.summary import command


def test_the_command_is_told_as_it_was_typed() -> None:
    assert command(["/venv/bin/snakemake", "--cores", "2", "my study.yaml"]) == "snakemake --cores 2 'my study.yaml'"
    assert command(["/x/snakemake/__main__.py", "--cores", "2"]) == "python -m snakemake --cores 2"
    assert command(["/venv/bin/snakemake"]) == "snakemake"
