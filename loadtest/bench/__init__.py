"""The benchmarks of `make bench`: one worker, the whole machine, or pairs against another commit.

`python -m loadtest.bench` is the way in. All of them end with one line of JSON.
"""
