"""The operator's command line: inspect, verify, repair. `python -m ops --help`; see docs/operating.md."""
