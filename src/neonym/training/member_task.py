"""The training of one member of a mixture, which another process can be handed."""

from pathlib import Path
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from neonym import settings as conf
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.starting import Start
from neonym.nn import RecurrentNetwork, TokenSequences
from neonym.training.learner import Beginning
from neonym.training.loop import TrainingListener, TrainingResult, train
from neonym.training.messages import Message


class MemberTask(NamedTuple):
    """The arguments of `neonym.training.loop.train`, without the listener."""

    train_ids: TokenSequences
    val_ids: TokenSequences
    vocabulary_size: int
    configuration: conf.Settings
    checkpoint: Path | None
    beginning: Beginning | None

    def run(self, listener: TrainingListener) -> TrainingResult:
        """Train the member in this process; errors are those of `train`."""
        return train(
            self.train_ids,
            self.val_ids,
            self.vocabulary_size,
            self.configuration,
            listener=listener,
            checkpoint=self.checkpoint,
            beginning=self.beginning,
        )

    def to_message(self) -> Message:
        """As a message, which `of` reads."""
        schema = conf.Settings.model_fields  # without what only the machinery of experiments knows
        values: dict[str, Any] = {
            "vocabulary_size": self.vocabulary_size,
            "configuration": self.configuration.model_dump(mode="json", include=set(schema)),
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "beginning": None,
        }
        names = self.train_ids, self.val_ids
        arrays: list[NDArray[Any]] = [each for ids in names for each in (ids.tokens, ids.lengths)]
        if self.beginning:
            start, letters = self.beginning
            values["beginning"] = {
                "name": start.name,
                "sha256": start.sha256,
                "options": start.network.options,
                "vocabularies": [[each.symbols, each.unit] for each in (start.vocabulary, letters)],
            }
            arrays.append(start.network.parameters)
        return Message(values, arrays)

    @classmethod
    def of(cls, message: Message) -> Self:
        """What `to_message` wrote."""
        values, (tokens, lengths, val_tokens, val_lengths, *parameters) = message
        beginning, path = values["beginning"], values["checkpoint"]
        if beginning:
            network = network_of(beginning["options"], parameters[0])
            own, letters = (Vocabulary(tuple(s), unit) for s, unit in beginning["vocabularies"])
            start = Start(beginning["name"], beginning["sha256"], network, own)
        return cls(
            TokenSequences(tokens, lengths),
            TokenSequences(val_tokens, val_lengths),
            values["vocabulary_size"],
            conf.Settings.model_validate(values["configuration"]),
            Path(path) if path else None,
            Beginning(start, letters) if beginning else None,
        )


def network_of(options: dict[str, Any], parameters: NDArray[Any]) -> RecurrentNetwork:
    """A network of these options, with these parameters."""
    network = RecurrentNetwork(**options)
    network.parameters[...] = parameters
    return network
