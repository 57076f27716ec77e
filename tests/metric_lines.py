"""The metrics that were counted, read from the lines of the log as CloudWatch does."""

from chalicelib.metrics import METRICS
from tests.log_lines import read


def counted(output: str, kind: str) -> list[tuple[str, int]]:
    """Return what a captured output counts under names that begin with `kind`, with its reason if it has one."""
    lines = map(read, output.splitlines())
    return [
        (f"{name} {line['reason']}" if metric.dimension in line else name, line[name])
        for line in lines
        for name, metric in METRICS.items()
        if name.startswith(kind) and name in line
    ]
