"""The billing portal: one package a domain. The layout is described in docs/architecture.md."""
