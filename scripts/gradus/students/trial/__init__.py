"""The trial of a pretrained student: whether what a study asks can be done with this model, before anything is paid for."""
