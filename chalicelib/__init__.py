"""The billing portal: one package per domain. The layout is described in docs/architecture.md."""
