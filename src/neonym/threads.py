"""One thread for linear algebra, since the order of a sum is part of the result."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run the body, or the decorated function, with one BLAS thread, whatever is asked for outside.

    More threads split the sums of a product elsewhere, which changes the last bits; and at the
    sizes of this project they are slower.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
