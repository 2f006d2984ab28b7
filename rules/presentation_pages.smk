# Pages to look at: the explorer, the browsable report, and what there is so far.


localrules:
    explorer,
    explorer_texts,
    report,
    so_far,


rule explorer:
    """The explorer (explorer.html): the grid, every cell with sample texts, claims and audit in one page without a server."""
    input:
        study=paths.STUDY_COPY.of(study),
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        claims=paths.CLAIMS.of(study),
        recommendation=paths.RECOMMENDATION.of(study),
        annotation_audit=paths.ANNOTATION_AUDIT.of(study),
        audits=[paths.AUDIT.of(study, dataset=name) for name in study.datasets],
    output:
        report(
            paths.EXPLORER.of(study),
            category="Findings",
            caption="../report/explorer.rst",
            labels={"experiment": "all", "item": "explorer"},
        ),
    log:
        paths.EXPLORER.log.of(study),
    benchmark:
        paths.EXPLORER.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        code=lambda _: fingerprint("explorer"),
        page=lambda _: presentation.explorer_hash(),
    message:
        "Explorer"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/explorer.py'
        " --study {input.study:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


rule explorer_texts:
    """The texts of all test problems beside the explorer, where a large study's have no room in its page."""
    input:
        study=paths.STUDY_COPY.of(study),
        page=paths.EXPLORER.of(study),
    output:
        directory(paths.EXPLORER_TEXTS.of(study)),
    log:
        paths.EXPLORER_TEXTS.log.of(study),
    benchmark:
        paths.EXPLORER_TEXTS.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=240,
    params:
        code=lambda _: fingerprint("explorer"),
    message:
        "Texts beside the explorer"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/explorer.py'
        " --study {input.study:q}"
        " --texts {output:q}"
        " 2>&1 | tee {log:q}"


rule report:
    """The browsable report (report.zip): tables, figures and findings with captions and labels."""
    input:
        study=paths.STUDY_COPY.of(study),
        shown=lambda _: list(targets.report_items(study)),
    output:
        paths.REPORT.of(study),
    log:
        paths.REPORT.log.of(study),
    benchmark:
        paths.REPORT.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("report"),
    message:
        "Report"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/report.py'
        " --study {input.study:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


rule so_far:
    """Exhibits, explorer and report of what there is by now, missing cells visible; runs no job of the study."""
    input:
        study=paths.STUDY_COPY.of(study),
    log:
        paths.SO_FAR.log.of(study),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        folder=paths.SO_FAR.of(study),
    message:
        "What there is so far"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/so_far.py'
        " --study {input.study:q}"
        ' --numbers "$GRADUS"/published/chen-2025.csv'
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
