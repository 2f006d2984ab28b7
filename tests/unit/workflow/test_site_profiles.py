"""The examples of site profiles keep up with the cluster's profile, whose keys they replace."""

import pytest
import yaml
from running import PROJECT

PROFILES = PROJECT / "profiles"


@pytest.mark.parametrize("path", sorted((PROFILES / "sites").glob("*.yaml")), ids=lambda path: path.stem)
def test_no_rule_loses_its_partition(path: object) -> None:
    example = yaml.safe_load((PROFILES / "sites" / str(path)).read_text(encoding="utf-8"))
    ours = yaml.safe_load((PROFILES / "slurm" / "profile.yaml").read_text(encoding="utf-8"))
    assert example["set-resources"].keys() == ours["set-resources"].keys()
    for rule, resources in ours["set-resources"].items():
        assert example["set-resources"][rule]["slurm_partition"] == resources["slurm_partition"], rule
    assert example["default-resources"]["slurm_partition"] == ours["default-resources"]["slurm_partition"]
