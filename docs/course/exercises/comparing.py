"""Exercises of notebook 5: what several seeds show, and whether a model copies.

Write the bodies, then: pytest docs/course/exercises/test_comparing.py
"""

import numpy as np

# Two-sided 95% points of Student's t, by the number of values less one
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def interval(values):
    """The mean of some values, and half the width of its 95% interval.

    half = T95[n - 1] s / sqrt(n),  s^2 = sum of (x_i - mean)^2 / (n - 1)

    values: list of float, 2 to 10 of them
    returns: (float, float), mean and half
    """
    raise NotImplementedError("write interval")


def paired_interval(first, second):
    """The same of first less second, seed by seed.

    first, second: lists of float, of equal seeds in equal order
    returns: (float, float), mean of the differences and half the width of its interval
    """
    raise NotImplementedError("write paired_interval")


def edit_distance(a, b):
    """The fewest letters to put in, take out or change that make one name of the other.

    D[i, j] is that of the first i letters of a and the first j of b:
    D[i, 0] = i, D[0, j] = j, and otherwise the least of
    D[i-1, j] + 1, D[i, j-1] + 1, D[i-1, j-1] + (1 if a[i-1] != b[j-1] else 0)

    a, b: str
    returns: int
    """
    raise NotImplementedError("write edit_distance")


def share_copied(names, train):
    """The share of the names that stand in train; a name that comes twice counts twice.

    names: list of str, not empty
    train: list of str
    returns: float, from 0 to 1
    """
    raise NotImplementedError("write share_copied")


def nearest_known(name, train):
    """The name of train that is nearest, the first of them, and how far it is away.

    The distance is edits divided by the length of the longer name.

    name: str, not empty
    train: list of str, not empty
    returns: (str, float)
    """
    raise NotImplementedError("write nearest_known")
