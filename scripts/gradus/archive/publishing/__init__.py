"""Publishing: an archive to Zenodo, annotations and students to the Hugging Face Hub. Nothing is sent without being asked."""
