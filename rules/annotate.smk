# Rationales: one job per supervision; what was paid for lies in the journal, outside Snakemake's reach.


rule annotate:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        original=lambda wildcards: grid.original_files(study, wildcards),
    output:
        annotations=paths.ANNOTATIONS,
        manifest=paths.manifest(paths.ANNOTATIONS),
    log:
        paths.log(paths.ANNOTATIONS),
    benchmark:
        paths.benchmark(paths.ANNOTATIONS)
    retries: 1
    conda:
        "../envs/annotate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=fingerprint("annotate"),
        settings=lambda wildcards: grid.teacher_settings(study, wildcards.teacher),
        original=lambda wildcards: grid.original_option(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "python $GRADUS/scripts/annotate.py"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " {params.original}"
        " --output {output.annotations:q}"
        " 2>&1 | tee {log:q}"
