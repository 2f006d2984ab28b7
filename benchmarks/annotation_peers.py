"""One peer on the load of annotation.py, in the peer's own environment; the last line is the wall clock in seconds.

python annotation_peers.py curator|distilabel BASE_URL COUNT CONCURRENCY
"""

import sys
import time

NAME, ADDRESS, COUNT, CONCURRENCY = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
WORDS = "A train leaves the station with forty people and nine of them get off at the next stop. "
PROMPTS = [f"{WORDS * 8}Question {number}?\nThe correct answer is: {number}\n" for number in range(COUNT)]


def curator() -> float:
    # Its token counter would be downloaded; counting words instead costs it less than the real one.
    import tiktoken

    class Words:
        def encode(self, text: str, **_: object) -> list[str]:
            return text.split()

    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: Words()
    from bespokelabs import curator as library

    model = library.LLM(
        model_name="m",
        backend="openai",
        backend_params={
            "base_url": ADDRESS,
            "max_requests_per_minute": 1_000_000,
            "max_tokens_per_minute": 1_000_000_000,
            "max_concurrent_requests": CONCURRENCY,
        },
        generation_params={"max_tokens": 512},
    )
    start = time.monotonic()
    model(PROMPTS)
    return time.monotonic() - start


def distilabel() -> float:
    from distilabel.models import OpenAILLM

    model = OpenAILLM(model="m", base_url=ADDRESS, generation_kwargs={"max_new_tokens": 512})
    model.load()
    inputs = [[{"role": "user", "content": prompt}] for prompt in PROMPTS]
    start = time.monotonic()
    # Its own notion of concurrency: a batch of so many requests is sent at once.
    for first in range(0, COUNT, CONCURRENCY):
        model.generate_outputs(inputs=inputs[first : first + CONCURRENCY], max_new_tokens=512)
    return time.monotonic() - start


print({"curator": curator, "distilabel": distilabel}[NAME]())
