"""What docs/export.md shows of PyTorch; run with `-m peer` where torch is installed."""

import re
from pathlib import Path

import numpy as np
import pytest
from exportable import plain

from neonym import NameGenerator
from neonym.export.safetensors_file import read_safetensors, write_safetensors

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peer

PAGE = Path(__file__).resolve().parents[2] / "docs/export.md"


def test_pytorch_loads_the_file_as_the_page_says_and_predicts_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = plain(cell="lstm", embedding_size=5, num_layers=2)
    write_safetensors(Path("model.safetensors"), model)
    there, back = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    done = {}
    exec(there, done)  # noqa: S102 (our own page)
    expected = NameGenerator(*model).next_token_probs("tyra")
    assert done["probabilities"] == pytest.approx(expected, abs=1e-6)
    with torch.no_grad():
        done["namer"].head.bias += 1.0
    exec(back, done)  # noqa: S102
    tuned = read_safetensors(Path("tuned.safetensors"))
    np.testing.assert_allclose(
        tuned.network.state_dict()["head.bias"], model.network.state_dict()["head.bias"] + 1
    )
    assert tuned.known.tolist() == model.known.tolist()
