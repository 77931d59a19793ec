"""How states flow from step to step, and their gradients back.

Where prefixes are shared (`neonym.nn.layout`), several rows of a step continue the same row of the
step before: its children. The product of a state is computed once and copied to all its children;
backward, the gradients of the children are summed first.
"""

import numpy as np

from neonym.nn.arrays import Floats
from neonym.nn.layout import Layout, Step
from neonym.nn.memory import Workspace
from neonym.nn.products import (
    MOST_MULTIPLICATIONS,
    begin_over_rows,
    most_rows,
    multiply,
    multiply_by_parts,
    number_of_parts,
    rows_of_sum,
)
from neonym.nn.rows import sum_rows


def with_initial(initial: Floats, layout: Layout, workspace: Workspace) -> Floats:
    """An array for the states of all rows, the initial ones in front: (initial + rows, hidden)."""
    states = workspace.empty(len(initial) + len(layout.inputs), initial.shape[1])
    states[: len(initial)] = initial
    return states


def previous_states(states: Floats, step: Step) -> Floats:
    """The states that the rows of a step continue, (size, hidden)."""
    previous = states[step.previous]
    return previous if step.parents is None else previous.take(step.parents, axis=0)


class RecurrentProducts:
    """Writes the products of states with each gate's weight, step by step.

    Parameters
    ----------
    states : ndarray, shape (initial + rows, hidden)
        As `with_initial` returned them, filled up to the step that is asked for.
    weight : ndarray, shape (gates, hidden, hidden)
        What to multiply with.
    """

    def __init__(self, states: Floats, weight: Floats) -> None:
        self._states, self._weight, self._first = states, weight, weight[0]
        self._most_rows = most_rows(self._first.size)

    def write(self, step: Step, out: Floats) -> None:
        """Write the products of the states that a step continues, (gates, size, hidden)."""
        previous = self._states[step.previous]
        if step.parents is not None:
            products = np.matmul(previous, self._weight)  # (gates, continued, hidden)
            products.take(step.parents, axis=1, out=out, mode="clip")
        elif step.size <= self._most_rows:
            np.matmul(previous, self._weight, out)  # what `multiply` would do
        else:
            multiply(previous, self._weight, out)

    def write_single(self, step: Step, out: Floats) -> None:
        """The same for a cell that has one gate, (size, hidden)."""
        if step.parents is None and step.size <= self._most_rows:
            # what `multiply` would do, by a call that takes two thirds of the time
            self._states[step.previous].dot(self._first, out)
        else:
            self.write(step, out[None])


def add_to_first(rows: Floats, more: Floats) -> None:
    """Add gradients that arrive from the step after, which only the first rows may have reached."""
    if len(more):
        first = rows[: len(more)]  # a name: rows[...] += more would also copy it onto itself
        first += more


def sum_children(rows: Floats, step: Step) -> Floats:
    """For each continued row of the step before, the sum over its children, (continued, width)."""
    return rows if step.parents is None else sum_rows(rows, step.parents, step.continued)


class RecurrentGradients:
    """Takes gradients of recurrent products back to the states, and in the end to the weight.

    Parameters
    ----------
    d_products : ndarray, shape (rows, gates * hidden)
        Gradients of the recurrent products. The caller fills in the rows of a step before it calls
        `step_back` for it, from the last step to the first.
    weight : ndarray, shape (gates * hidden, hidden)
        What was multiplied with.
    layout : Layout
        Of the rows.
    workspace : Workspace
        Where memory is taken from.
    """

    def __init__(
        self, d_products: Floats, weight: Floats, layout: Layout, workspace: Workspace
    ) -> None:
        self.d_products, self.weight = d_products, weight
        self.layout, self.workspace = layout, workspace
        gates = weight.shape[0] // weight.shape[1]
        self._parts = number_of_parts(weight, gates)
        self._most_rows = MOST_MULTIPLICATIONS // weight.size if self._parts == 1 else 0
        self._buffer = workspace.empty(self._parts * layout.widest, weight.shape[1])
        # Rows before this one may have siblings, and are multiplied once for all of them
        self._first_plain = sum(step.size for step in layout.steps[: layout.num_branching])
        self._summed: list[Floats] = []  # gradients of their products, the last step first

    def step_back(self, step: Step) -> Floats:
        """Gradient of the states that a step continues, which the next call overwrites."""
        rows = self.d_products[step.rows]
        if step.rows.start < self._first_plain:
            rows = sum_children(rows, step)
            self._summed.append(rows)
        if len(rows) <= self._most_rows:  # what `multiply_by_parts` would do
            return rows.dot(self.weight, self._buffer[: len(rows)])
        buffer = self._buffer[: self._parts * step.continued]
        return multiply_by_parts(rows, self.weight, self._parts, buffer)

    def write_weight(self, states: Floats, out: Floats) -> None:
        """Write the gradient of the weight, at the latest when the batch ends.

        `states` are what `with_initial` returned.
        """
        branching, d_products = self.layout.num_branching, self.d_products[self._first_plain :]
        previous = self.workspace.empty(len(d_products), states.shape[1])
        plain = [states[step.previous] for step in self.layout.steps[branching:]]
        if plain:
            np.concatenate(plain, out=previous)
        add_branching = None
        if self._summed:
            steps = reversed(self.layout.steps[:branching])
            continued = np.concatenate([states[step.previous] for step in steps])
            summed = np.concatenate(self._summed)

            def add_branching(part: slice) -> None:
                total = out[part]  # a name: out[part] += ... would also copy it onto itself
                total += summed[:, part].T @ continued

        background, block = self.workspace.background, rows_of_sum(out.size)
        columns = d_products.T
        begin_over_rows(background, columns, previous, out, block=block, after=add_branching)
