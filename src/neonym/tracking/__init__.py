"""Tracking in MLflow: writers append to a spool, one process delivers it.

`run` is what stages log through, `workspace` what they log; `spool`, `events` and `courier` carry
it;
`delivery` and `replay` bring it to MLflow; `sync` makes one run stand for the workspace.
"""
