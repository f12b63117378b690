"""Speed of the library beside its peers: `make bench`, or `python benchmarks/run.py`."""
