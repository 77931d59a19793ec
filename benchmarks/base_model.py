"""Make a trained model the base model of the package.

`python -m benchmarks.base_model build/base/models/model.npz src/neonym/models/base.npz`

Weights are stored in half precision and hashes of the names folded to 32 bits; of the metadata
only what a model needs stays.
"""

import sys
from pathlib import Path

from neonym.models.known_names import folded
from neonym.models.model_file import REQUIRED, load_model, save_model


def main(trained: Path, base: Path) -> None:
    """Write the base model."""
    model = load_model(trained)
    metadata = {key: model.metadata[key] for key in REQUIRED}
    if model.known is None:
        raise SystemExit(f"{trained} does not hold the hashes of its names")
    known = folded(model.known)
    save_model(base, model.network, model.vocabulary, metadata, known, half=True)
    print(f"{base}: {base.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
