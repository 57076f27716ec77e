"""The billing portal: a package for each thing that the business does. docs/architecture.md describes the layout."""
