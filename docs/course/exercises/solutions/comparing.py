"""Solutions of the exercises of notebook 5, An experiment you can trust."""

import numpy as np

# Two-sided 95% points of Student's t, by the number of values less one
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def interval(values):
    """The mean of some values, and half the width of its 95% interval.

    half = T95[n - 1] s / sqrt(n),  s^2 = sum of (x_i - mean)^2 / (n - 1)

    values: list of float, 2 to 10 of them
    returns: (float, float), mean and half
    """
    mean = np.mean(values)
    half = T95[len(values) - 1] * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(mean), float(half)


def paired_interval(first, second):
    """The same of first less second, seed by seed.

    first, second: lists of float, of equal seeds in equal order
    returns: (float, float), mean of the differences and half the width of its interval
    """
    return interval([x - y for x, y in zip(first, second, strict=True)])


def edit_distance(a, b):
    """The fewest letters to put in, take out or change that make one name of the other.

    D[i, j] is that of the first i letters of a and the first j of b:
    D[i, 0] = i, D[0, j] = j, and otherwise the least of
    D[i-1, j] + 1, D[i, j-1] + 1, D[i-1, j-1] + (1 if a[i-1] != b[j-1] else 0)

    a, b: str
    returns: int
    """
    D = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    D[:, 0], D[0] = range(len(a) + 1), range(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            changed = D[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            D[i, j] = min(D[i - 1, j] + 1, D[i, j - 1] + 1, changed)
    return int(D[-1, -1])


def share_copied(names, train):
    """The share of the names that stand in train; a name that comes twice counts twice.

    names: list of str, not empty
    train: list of str
    returns: float, from 0 to 1
    """
    known = set(train)
    return sum(name in known for name in names) / len(names)


def nearest_known(name, train):
    """The name of train that is nearest, the first of them, and how far it is away.

    The distance is edits divided by the length of the longer name.

    name: str, not empty
    train: list of str, not empty
    returns: (str, float)
    """
    distances = [edit_distance(name, other) / max(len(name), len(other)) for other in train]
    place = int(np.argmin(distances))
    return train[place], distances[place]
