# Container for GPU nodes: the training stage on a CUDA runtime. Not built by us (see envs/README.md).
# The base image is an argument without a default: choose one with CUDA and Python >= 3.11 and pin it by digest.
ARG BASE
FROM ${BASE}
RUN python3 -m venv /opt/gradus
ENV PATH=/opt/gradus/bin:$PATH
RUN pip install --no-cache-dir setuptools wheel "torch==2.13.0" "numpy==2.4.6"
RUN DS_BUILD_OPS=0 pip install --no-cache-dir --no-build-isolation \
    "transformers==5.23.0" "deepspeed==0.19.8" "safetensors==0.8.0" "tokenizers==0.23.3" "gguf==0.19.0" "httpx2==2.16.2" "peft==0.21.2" "pydantic==2.14.3" "tqdm==4.70.1"
