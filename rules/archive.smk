# What leaves the machine for good: the archive.


localrules:
    archive,
    cards,


rule cards:
    """Model and dataset cards as the Hugging Face Hub shows them, from manifests and scores."""
    input:
        study=paths.STUDY_COPY.of(study),
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        annotation_audit=paths.ANNOTATION_AUDIT.of(study),
    output:
        groups.cards(study),
    log:
        paths.DATASET_CARD.log.of(study),
    benchmark:
        paths.DATASET_CARD.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("cards"),
    message:
        "Cards"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/cards.py'
        " --study {input.study:q}"
        " 2>&1 | tee {log:q}"


rule archive:
    """The archive: a deterministic tar per group, SHA-256 sums of all files, a manifest."""
    input:
        **large_and_small(lambda _: groups.archived(study)),
        study=paths.STUDY_COPY.of(study),
    output:
        tars=[
            paths.ARCHIVE_TAR.of(study, group=group) for group in groups.groups(study)
        ],
        crate=paths.ARCHIVE_CRATE.of(study),
        guides=[(paths.ARCHIVE / name).of(study) for name in groups.GUIDES],
        sums=paths.ARCHIVE_SUMS.of(study),
        manifest=paths.ARCHIVE_MANIFEST.of(study),
    log:
        paths.ARCHIVE_MANIFEST.log.of(study),
    benchmark:
        paths.ARCHIVE_MANIFEST.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=60,
    params:
        code=lambda _: fingerprint("archive"),
        settings=lambda _: as_json(study.archive),
    message:
        "Archive"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/archive.py'
        " --study {input.study:q}"
        " --output {output.manifest:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        " 2>&1 | tee {log:q}"
