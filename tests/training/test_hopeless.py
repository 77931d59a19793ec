"""A training that cannot end well says why, and one that did not end well says so."""

import warnings
from math import log

import pytest

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator
from neonym.nn import OPTIMIZERS, RecurrentNetwork
from neonym.steps.train_step import explain_useless
from small_training import VOCABULARY, configuration, run

ADAMW = {"name": "adamw", "lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def test_a_model_that_is_worse_than_knowing_nothing_is_told_with_what_to_change() -> None:
    assert explain_useless(log(27), 27) == ""
    assert explain_useless(62398.0, 27) == (
        "the model is worse than knowing nothing: 6.24e+04 nats per token of val, and 3.296 for "
        "guessing among 27 tokens; lower optimizer.lr"
    )
    assert explain_useless(3.3, 27).endswith("; train longer, or raise optimizer.lr")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_too_small_or_too_large_for_the_dtype_is_refused(name: str) -> None:
    sound = OPTIMIZERS[name]()
    values = {"name": name, "lr": 0.01, **vars(sound)}
    for added in ("steps", "vectors", "decayed"):
        values.pop(added)
    assert configuration(optimizer=values)
    for key, value in values.items():
        if isinstance(value, float) and key in ("lr", "eps"):
            wrong = {**values, key: 1e-300}
            with pytest.raises(UserError, match=rf"optimizer\.{key} = 1e-300 is lost in float32"):
                configuration(optimizer=wrong)
            if key == "lr":
                assert configuration(optimizer=wrong, train__dtype="float64")


def test_a_step_loses_all_of_the_weights_at_most() -> None:
    assert configuration(optimizer={**ADAMW, "weight_decay": 10.0})
    with pytest.raises(UserError, match=r"optimizer: a step would lose lr \* weight_decay = 1\.1"):
        configuration(optimizer={**ADAMW, "weight_decay": 11.0})


def test_what_diverges_before_the_first_step_is_not_the_rates_fault() -> None:
    with pytest.raises(UserError) as caught:
        run(configuration(model__initialization_scale=1e38))
    assert "step 1 of epoch 1" in str(caught.value)
    assert str(caught.value).endswith("lower model.initialization_scale, with which it began")


def test_a_model_whose_weights_overflow_draws_and_scores_without_warnings() -> None:
    network = RecurrentNetwork(len(VOCABULARY), cell="gru", hidden_size=8, embedding_size=8)
    network.parameters[...] = 1e30
    model = NameGenerator(network, VOCABULARY, {"longest": 5, "lowercase": True})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(model.sample(3000)) == 3000  # in blocks, on threads
        model.log_prob(["rex"])
        model.next_token_probs("r")
