# What leaves the machine for good: the archive.


localrules:
    archive,
    cards,


rule cards:
    """Model and dataset cards as the Hugging Face Hub shows them, from manifests and scores."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        annotation_audit=paths.fill(paths.ANNOTATION_AUDIT, study.study),
    output:
        groups.cards(study),
    log:
        paths.fill(paths.log(paths.DATASET_CARD), study.study),
    benchmark:
        paths.fill(paths.benchmark(paths.DATASET_CARD), study.study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("cards"),
    message:
        "Cards"
    shell:
        "{resources.interpreter} $GRADUS/scripts/cards.py"
        " --study {input.study:q}"
        " 2>&1 | tee {log:q}"


rule archive:
    """The archive: a deterministic tar per group, SHA-256 sums of all files, a manifest."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
        files=lambda _: groups.archived(study),
    output:
        tars=[
            paths.fill(paths.ARCHIVE_TAR, study.study, group=group)
            for group in groups.groups(study)
        ],
        crate=paths.fill(paths.ARCHIVE_CRATE, study.study),
        beside=[
            paths.fill(f"{paths.ARCHIVE}/{name}", study.study)
            for name in ("README.md", "Snakefile")
        ],
        sums=paths.fill(paths.ARCHIVE_SUMS, study.study),
        manifest=paths.fill(paths.ARCHIVE_MANIFEST, study.study),
    log:
        paths.fill(paths.log(paths.ARCHIVE_MANIFEST), study.study),
    benchmark:
        paths.fill(paths.benchmark(paths.ARCHIVE_MANIFEST), study.study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=60,
    params:
        code=lambda _: fingerprint("archive"),
        settings=jobs.settings(study.archive),
    message:
        "Archive"
    shell:
        "{resources.interpreter} $GRADUS/scripts/archive.py"
        " --study {input.study:q}"
        " --output {output.manifest:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        " 2>&1 | tee {log:q}"
