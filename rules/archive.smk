# What leaves the machine: the browsable report, the archive, and the plan that comes before everything.


localrules:
    report,
    archive,
    plan,


rule report:
    """The browsable report (report.zip): tables, figures and findings with captions and labels."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
        shown=lambda _: grid.report_items(study),
    output:
        paths.fill(paths.REPORT, study.study),
    log:
        paths.fill(paths.log(paths.REPORT), study.study),
    benchmark:
        paths.fill(paths.benchmark(paths.REPORT), study.study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("report"),
    message:
        "Report"
    shell:
        "{resources.interpreter} $GRADUS/scripts/report.py"
        " --study {input.study:q}"
        " --items {input.shown:q}"
        " --output {output:q}"
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
        " 2>&1 | tee {log:q}"


rule plan:
    """What the study will ask for and take (jobs, requests, tokens, disk), before anything runs; always run anew."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
    log:
        paths.fill(paths.log(paths.PLAN), study.study),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        folder=paths.fill(paths.PLAN, study.study),
    message:
        "Plan"
    shell:
        "{resources.interpreter} $GRADUS/scripts/plan.py"
        " --study {input.study:q}"
        " --prompts $GRADUS_PROMPTS"
        " --prices $GRADUS/prices.yaml"
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
