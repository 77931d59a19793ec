"""How states flow from step to step, and their gradients back.

Where beginnings are shared (`neonym.nn.layout`), several rows of a step continue the same row of
the step before. Products are computed for each state once, and what they gave is handed to all
rows that continue it; going back, the gradients of those are added up first.
"""

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.layout import Layout, Step
from neonym.nn.memory import Workspace
from neonym.nn.products import (
    multiply,
    multiply_by_parts,
    multiply_over_rows,
    number_of_parts,
)
from neonym.nn.rows import sum_rows


def with_initial(initial: Floats, layout: Layout, workspace: Workspace) -> Floats:
    """Room for the states of all rows, the initial ones in front: (initial + rows, hidden)."""
    states = workspace.empty(len(initial) + len(layout.inputs), initial.shape[1])
    states[: len(initial)] = initial
    return states


def previous_states(states: Floats, step: Step) -> Floats:
    """The states that the rows of a step continue, (size, hidden)."""
    before = states[step.previous]
    return before if step.parents is None else before.take(step.parents, axis=0)


def write_recurrent_products(states: Floats, weight: Floats, step: Step, out: Floats) -> None:
    """Write the products of the states that a step continues with each gate's weight.

    Parameters
    ----------
    states : ndarray
        As `with_initial` returned them, filled up to this step.
    weight : ndarray, shape (gates, hidden, hidden)
        What to multiply with.
    step : Step
        For which rows.
    out : ndarray, shape (gates, size, hidden)
        Overwritten.
    """
    if step.parents is None:
        multiply(states[step.previous], weight, out)
    else:
        products = np.matmul(states[step.previous], weight)
        products.take(step.parents, axis=1, out=out, mode="clip")


def add_to_first(rows: Floats, more: Floats) -> None:
    """Add what arrives from the step behind, which fewer rows may have reached."""
    first = rows[: len(more)]  # with a name, since rows[...] += more would also copy it onto itself
    first += more


def sum_children(rows: Floats, step: Step) -> Floats:
    """Sums of the rows of a step that continue the same one, (continued, width)."""
    return rows if step.parents is None else sum_rows(rows, step.parents, step.continued)


class RecurrentGradients:
    """Takes gradients of recurrent products back to the states, and in the end to the weight.

    Parameters
    ----------
    dz : ndarray, shape (rows, gates * hidden)
        Gradients of the recurrent products; each step's are filled in before it is gone back.
    weight : ndarray, shape (gates * hidden, hidden)
        What was multiplied with.
    layout : Layout
        Of the rows.
    workspace : Workspace
        Where room is taken from.
    """

    def __init__(self, dz: Floats, weight: Floats, layout: Layout, workspace: Workspace) -> None:
        self.dz, self.weight, self.layout, self.workspace = dz, weight, layout, workspace
        self._parts = number_of_parts(weight, weight.shape[0] // weight.shape[1])
        self._room = workspace.empty(self._parts * layout.widest, weight.shape[1])
        self._first_plain = sum(step.size for step in layout.steps[: layout.num_branching])
        self._summed: list[Floats] = []

    def go_back(self, step: Step) -> Floats:
        """Gradient of the states that a step continues, overwritten by the next call."""
        rows = self.dz[step.rows]
        if step.rows.start < self._first_plain:
            rows = sum_children(rows, step)
            self._summed.append(rows)
        room = self._room[: self._parts * step.continued]
        return multiply_by_parts(rows, self.weight, self._parts, room)

    def write_weight(self, states: Floats, out: Floats) -> None:
        """Write the gradient of the weight; `states` are what `with_initial` returned."""
        before = self.layout.previous_rows[self._first_plain :]
        previous = self.workspace.empty(len(before), states.shape[1])
        np.take(states, before, axis=0, out=previous, mode="clip")
        multiply_over_rows(self.dz[self._first_plain :].T, previous, out)
        if self._summed:
            steps = reversed(self.layout.steps[: self.layout.num_branching])
            continued = np.concatenate([states[step.previous] for step in steps])
            out += np.concatenate(self._summed).T @ continued
