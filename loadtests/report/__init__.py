"""`python -m loadtests.report`: docs/performance.md and its plots, from the saved results."""
