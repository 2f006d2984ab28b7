# The plan, which comes before everything.


localrules:
    plan,


rule plan:
    """What the study will ask for and take (jobs, requests, tokens, disk), before anything runs; always run anew."""
    input:
        study=paths.STUDY_COPY.of(study),
    log:
        paths.PLAN.log.of(study),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        folder=paths.PLAN.of(study),
    message:
        "Plan"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/plan.py'
        " --study {input.study:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        ' --prices "$GRADUS"/prices.yaml'
        ' --numbers "$GRADUS"/published/chen-2025.csv'
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
