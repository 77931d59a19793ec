"""What of the steps is logged, the same whoever logs it and when; and the model that is served."""

VOCABULARY = "neonym.vocabulary_sha256"
"""The tag with the digest of a run's vocabulary."""
START = "neonym.start_sha256"
"""The tag with the digest of the trained model that a run began with, where there was one."""
# MLflow draws a metric at step 0 as a bar for each run, at any other as a curve
ONE_VALUE = 0
# MLflow's page of a run has a section for what stands before the slash, in the order of code
# points: the capital brings the curves in front of all single figures
SECTION = "Curves by epoch"
