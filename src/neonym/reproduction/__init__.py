"""Having a run again: its code in a temporary checkout, its stages, and a comparison.

`refusal` says why a run cannot be had again, `worktree` brings its code, `own_list` its list of
names, `rerun` runs its stages, `environment` says what is different here, and `comparison` holds
what came of it against what was recorded.
"""
