"""What tests ask of layouts."""


def previous_rows(layout):
    """For each row of a layout the one that it continues, with the initial states in front."""
    return [
        step.previous.start + parent
        for step in layout.steps
        for parent in (range(step.size) if step.parents is None else step.parents)
    ]
