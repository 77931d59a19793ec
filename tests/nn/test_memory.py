import platform
import resource

import numpy as np
import pytest

from neonym.nn import RecurrentNetwork


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others keep what is freed, or not")
def test_a_likelihood_gets_its_memory_back_instead_of_new_pages():
    stream = np.random.default_rng(0)
    names = [stream.integers(1, 27, 12) for _ in range(1000)]
    network = RecurrentNetwork(27, "lstm", 128)
    network.negative_log_likelihood(names)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network.negative_log_likelihood(names)
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert pages < 500  # of 4 KB; thousands where each array is handed back when it is freed
