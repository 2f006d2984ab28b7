# Fine-tuning: the training set of a student, and one DeepSpeed job per cell.
# A scheduler sends its signals to every process of a job: tee must outlive the ranks, which have progress to save and tell.


rule training_set:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        test=ancient(paths.PROBLEMS.replace("{split}", "test")),
        test_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        annotations=ancient(paths.ANNOTATIONS),
        annotations_manifest=paths.manifest(paths.ANNOTATIONS),
        model=ancient(f"{paths.STUDENT}/model"),
        student_manifest=f"{paths.STUDENT}/manifest.json",
    output:
        examples=paths.TRAINING_SET,
        manifest=paths.manifest(paths.TRAINING_SET),
    log:
        paths.log(paths.TRAINING_SET),
    benchmark:
        paths.benchmark(paths.TRAINING_SET)
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("training_set"),
        settings=lambda wildcards: jobs.training_set_settings(study, wildcards.student),
        student=lambda wildcards: paths.fill(
            paths.STUDENT, study.study, student=wildcards.student
        ),
    message:
        "Training set {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level} for {wildcards.student}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/training_set.py"
        " --problems {input.problems:q}"
        " --test {input.test:q}"
        " --annotations {input.annotations:q}"
        " --student {params.student:q}"
        " --settings {params.settings:q}"
        " --output {output.examples:q}"
        " 2>&1 | tee {log:q}"


rule train:
    input:
        examples=ancient(paths.TRAINING_SET),
        examples_manifest=paths.manifest(paths.TRAINING_SET),
        model=ancient(f"{paths.STUDENT}/model"),
        student_manifest=f"{paths.STUDENT}/manifest.json",
    output:
        weights=directory(f"{paths.CHECKPOINT}/weights"),
        trace=paths.TRACE,
        telemetry=paths.TELEMETRY,
        manifest=f"{paths.CHECKPOINT}/manifest.json",
    log:
        paths.log(paths.CHECKPOINT),
    benchmark:
        paths.benchmark(paths.CHECKPOINT)
    wildcard_constraints:
        student=paths.alternatives(jobs.students_on(study, several_nodes=False)),
    retries: 3
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: jobs.training_cpus(study, wildcards.student)
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=lambda wildcards, attempt: jobs.training_memory(
            study, wildcards.student, attempt
        ),
        runtime=lambda wildcards: jobs.training_runtime(study, wildcards.student),
        gpu=lambda wildcards: jobs.training_gpus(study, wildcards.student),
        nodes=1,
    params:
        code=lambda _: fingerprint("train"),
        settings=lambda wildcards: jobs.training_settings(
            study, wildcards.student, int(wildcards.seed)
        ),
        cell=lambda wildcards: jobs.cell_name(wildcards),
        student=lambda wildcards: paths.fill(
            paths.STUDENT, study.study, student=wildcards.student
        ),
        folder=lambda wildcards: paths.CHECKPOINT.format(**wildcards),
    message:
        "Training {params.cell}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/train.py"
        " --cell {params.cell:q}"
        " --training-set {input.examples:q}"
        " --student {params.student:q}"
        " --settings {params.settings:q}"
        " --nodes {resources.nodes}"
        " --cpus {threads}"
        " --gpus $(({resources.gpu} / {resources.nodes}))"
        " --output {params.folder:q}"
        " 2>&1 | (trap '' TERM USR1; tee {log:q})"


use rule train as train_on_nodes with:
    wildcard_constraints:
        student=paths.alternatives(jobs.students_on(study, several_nodes=True)),
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=lambda wildcards, attempt: jobs.training_memory(
            study, wildcards.student, attempt
        ),
        runtime=lambda wildcards: jobs.training_runtime(study, wildcards.student),
        gpu=lambda wildcards: jobs.training_gpus(study, wildcards.student),
        nodes=lambda wildcards: study.students[wildcards.student].resources.nodes,
        # One launcher per node, started by the program itself: `mpi` keeps SLURM's plugin from wrapping the job in one srun.
        tasks=lambda wildcards: study.students[wildcards.student].resources.nodes,
        tasks_per_gpu=-1,
        mpi="srun",
        slurm_extra=lambda wildcards: jobs.gpus_per_node(study, wildcards.student),
