from neonym.experiment import Configuration
from neonym.lab.configuration import configuration_hash, seedless_hash
from small_training import configuration


def _of_split_seed(seed: int) -> Configuration:
    data = configuration().data
    return configuration().model_copy(
        update={
            "data": data.model_copy(update={"split": data.split.model_copy(update={"seed": seed})})
        }
    )


def test_seeds_of_training_and_of_splits_make_repetitions_of_one_configuration() -> None:
    assert seedless_hash(configuration(seed=1)) == seedless_hash(configuration())
    assert seedless_hash(_of_split_seed(1)) == seedless_hash(configuration())
    assert configuration_hash(_of_split_seed(1)) != configuration_hash(configuration())


def test_another_batch_size_makes_another_configuration() -> None:
    assert seedless_hash(configuration(train__batch_size=5)) != seedless_hash(configuration())
