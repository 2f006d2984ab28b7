# Predictions: one job per cell and decoding, resumable, greedy.


rule generate:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "test")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        weights=ancient(f"{paths.CHECKPOINT}/weights"),
        checkpoint_manifest=f"{paths.CHECKPOINT}/manifest.json",
    output:
        predictions=paths.PREDICTIONS,
        manifest=paths.manifest(paths.PREDICTIONS),
    log:
        paths.log(paths.PREDICTIONS),
    benchmark:
        paths.benchmark(paths.PREDICTIONS)
    retries: 1
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=fingerprint("generate"),
        settings=lambda wildcards: jobs.settings(study.decodings[wildcards.decoding]),
        cell=lambda wildcards: jobs.cell_name(wildcards),
        checkpoint=lambda wildcards: paths.CHECKPOINT.format(**wildcards),
    message:
        "Predictions {params.cell}, {wildcards.decoding}"
    shell:
        "python $GRADUS/scripts/generate.py"
        " --problems {input.problems:q}"
        " --checkpoint {params.checkpoint:q}"
        " --settings {params.settings:q}"
        " --threads {threads}"
        " --output {output.predictions:q}"
        " 2>&1 | tee {log:q}"
