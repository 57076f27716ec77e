"""The operator's command line: look, prove, mend. `python -m ops --help`; see docs/operating.md."""
