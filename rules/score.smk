# Metrics: predictions against gold; needs no model.


rule score:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "test")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        train_problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        train_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        predictions=ancient(paths.PREDICTIONS),
        predictions_manifest=paths.manifest(paths.PREDICTIONS),
        examples_manifest=paths.manifest(paths.TRAINING_SET),
    output:
        metrics=report(
            paths.METRICS,
            category="Cells",
            subcategory="{dataset}",
            caption="../report/cell.rst",
            labels={
                "dataset": "{dataset}",
                "teacher": "{teacher}",
                "format": "{format}",
                "level": "{level}",
                "student": "{student}",
                "seed": "{seed}",
            },
        ),
        rows=paths.SCORED,
        rows_manifest=paths.manifest(paths.SCORED),
    log:
        paths.log(paths.METRICS),
    benchmark:
        paths.benchmark(paths.METRICS)
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "evaluate"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("score"),
        cell=lambda wildcards: jobs.cell_facts(wildcards),
        name=lambda wildcards: jobs.cell_name(wildcards),
    message:
        "Scores {params.name}, {wildcards.decoding}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/score.py"
        " --problems {input.problems:q}"
        " --train-problems {input.train_problems:q}"
        " --predictions {input.predictions:q}"
        " --training-set-manifest {input.examples_manifest:q}"
        " --cell {params.cell:q}"
        " --rows {output.rows:q}"
        " --output {output.metrics:q}"
        " 2>&1 | tee {log:q}"
