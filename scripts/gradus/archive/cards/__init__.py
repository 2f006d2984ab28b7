"""Cards: what the Hugging Face Hub shows of annotations and students, written from manifests and scores alone."""
