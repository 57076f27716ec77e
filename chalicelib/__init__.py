"""The billing portal: a package for each thing that the business does. docs/architecture.md describes the layout."""

import gc

# What a process imports stays, and passing over it again and again while it grows finds nothing: with Python's own 700
# to 2,000 new objects between two passes, these took a tenth of the API's cold start.
gc.set_threshold(100_000, 10, 10)
