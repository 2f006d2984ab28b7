# Transforms: supervisions made from others by plug-ins (padding, mixtures); nobody is asked.


rule transform:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        sources=ancient(lambda wildcards: jobs.transform_files(study, wildcards)),
        source_manifests=lambda wildcards: [
            paths.manifest(path) for path in jobs.transform_files(study, wildcards)
        ],
        student=lambda wildcards: jobs.transform_student_files(study, wildcards),
    output:
        annotations=paths.ANNOTATIONS,
        manifest=paths.manifest(paths.ANNOTATIONS),
    log:
        paths.log(paths.ANNOTATIONS),
    benchmark:
        paths.benchmark(paths.ANNOTATIONS)
    wildcard_constraints:
        format=paths.alternatives(study.transforms),
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("transform"),
        settings=lambda wildcards: jobs.transform_settings(study, wildcards.format),
        options=lambda wildcards: jobs.transform_options(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/transform.py"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --settings {params.settings:q}"
        " --sources {input.sources:q}"
        " {params.options}"
        " --output {output.annotations:q}"
        " 2>&1 | tee {log:q}"
