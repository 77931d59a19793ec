"""A search: random or TPE, by Optuna, whose study lies in the sweep's folder and can go on.

The study is Optuna's journal, a file to which every event is appended: of the stores without a
server the one that takes milliseconds and that no kill damages. A trial of the study is one attempt
at a job. Whether a job has ended well is told by its result, not by the study, so a job that failed
or was killed is attempted again with the same values.
"""

import math
from collections import deque
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from filelock import FileLock
from optuna.distributions import distribution_to_json
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from neonym.base.errors import UserError
from neonym.base.locks import acquire
from neonym.lab.configuration import configuration_hash
from neonym.lab.sweeps.axes import distribution_of, space_size
from neonym.lab.sweeps.planning import Plan
from neonym.lab.sweeps.results import Result, read_result, result_of

Direction = Literal["minimize", "maximize"]

STUDY = "study.log"
NAME = "sweep"
JOB = "job"
DONE = ("finished", "pruned")
MOST_DRAWS = 100  # until values come that no job has
ROUNDS = 5  # in which TPE tries what it tries, at least, were all jobs as long

optuna.logging.set_verbosity(optuna.logging.WARNING)


class _Lock(JournalFileOpenLock):
    """One writer at a time; Optuna's own outlives a writer that was killed by half a minute."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._lock = FileLock(f"{path}.lock")

    def acquire(self) -> bool:
        acquire(self._lock)
        return True

    def release(self) -> None:
        self._lock.release()


@cache  # to read the journal anew for each job would take longer and longer
def open_study(path: Path, direction: Direction) -> optuna.Study:
    """The study in a file, which is made where there is none.

    Raises
    ------
    UserError
        If the file is no study.
    """
    lock = _Lock(path)
    _drop_cut_line(path, lock)
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        return optuna.create_study(
            storage=storage, study_name=NAME, direction=direction, load_if_exists=True
        )
    except (ValueError, KeyError, TypeError, AssertionError):
        raise UserError(f"{path} is damaged; begin the sweep anew") from None


def _drop_cut_line(path: Path, lock: _Lock) -> None:
    """Cut off what a machine that went down while writing left behind the last whole line."""
    lock.acquire()
    try:
        if path.exists():
            with path.open("rb+") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
    finally:
        lock.release()


class Search:
    """Jobs whose values a sampler draws; each trial of the study is an attempt at a job.

    Parameters
    ----------
    plan
        What to search through.
    folder
        The sweep's.

    Raises
    ------
    UserError
        If the study in the folder is of another search, or damaged.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._settings = plan.first.sweep
        self._most = int(min(self._settings.trials or 0, space_size(plan.axes)))
        self._at_once = min(self._settings.at_once or self._most_at_once, plan.workers)
        self._space = {
            axis.key: distribution_of(axis, plan.first.seeds) for axis in plan.axes if axis.swept
        }
        self._study = open_study(folder / STUDY, self._settings.direction)
        self._claim()
        self._tried: set[tuple[str, ...]] = set()
        self._attempts: dict[int, int] = {}  # the trial of each job that is running
        self._waiting: deque[tuple[int, dict[str, Any]]] = deque()
        self._take_up()

    @property
    def _most_at_once(self) -> int:
        """Any number; of TPE few enough that it learns from those before."""
        is_tpe = self._settings.search == "tpe"
        return math.ceil(self._most / ROUNDS) if is_tpe else self._most

    def is_empty(self) -> bool:
        """Whether every trial has begun."""
        if not self._waiting:
            number = len(self._tried)
            values = self._draw(number) if number < self._most else None
            if values is None:
                self._most = number
                return True
            self._waiting.append((number, values))
        return False

    def take(self) -> tuple[int, list[str]] | None:
        """The next job, by what is known now: those to be attempted again, then new ones."""
        if len(self._attempts) >= self._at_once or self.is_empty():
            return None
        number, values = self._waiting.popleft()
        self._begin(number, values)
        return number, list(self._words(values))

    def ended(self, number: int) -> None:
        """Tell the study how a job ended."""
        self._tell(self._attempts.pop(number), self._result(number))

    def _begin(self, number: int, values: dict[str, Any]) -> None:
        """Note an attempt at a job, in one line of the journal."""
        trial = create_trial(
            state=TrialState.RUNNING,
            params=values,
            distributions=self._space,
            user_attrs={JOB: number},
        )
        self._study.add_trial(trial)
        self._attempts[number] = len(self._study.get_trials(deepcopy=False)) - 1

    def _draw(self, number: int) -> dict[str, Any] | None:
        """Values that no job has, the same for a job whether or not the search was resumed."""
        scratch = optuna.create_study(direction=self._settings.direction)
        if self._settings.search == "tpe":
            scratch.add_trials(self._study.get_trials(deepcopy=False))
        for draw in range(MOST_DRAWS):
            scratch.sampler = self._sampler(number, draw)
            trial = scratch.ask(self._space)
            words = self._words(trial.params)
            if words not in self._tried:
                self._tried.add(words)
                return trial.params
            scratch.tell(trial, state=TrialState.FAIL)
        return None

    def _sampler(self, number: int, draw: int) -> BaseSampler:
        seed = int(np.random.SeedSequence((self._settings.seed, number, draw)).generate_state(1)[0])
        if self._settings.search == "random" or draw >= MOST_DRAWS // 10:
            return RandomSampler(seed)
        return TPESampler(seed=seed, constant_liar=self._at_once > 1)

    def _words(self, values: dict[str, Any]) -> tuple[str, ...]:
        return tuple(
            axis.word(values[axis.key]) if axis.swept else axis.first for axis in self._plan.axes
        )

    def _result(self, number: int) -> Result | None:
        path = result_of(self._folder / str(number))
        return read_result(path) if path.exists() else None

    def _claim(self) -> None:
        """Note what is searched, or hold it against what was noted."""
        claim = {
            "configuration": configuration_hash(self._plan.first),
            "metric": self._settings.optimized_metric,
            "space": {key: distribution_to_json(each) for key, each in self._space.items()},
        }
        noted = self._study.user_attrs.get("search")
        if noted is None:
            self._study.set_user_attr("search", claim)
        elif different := [what for what in claim if noted.get(what) != claim[what]]:
            raise UserError(
                f"{self._folder} is a search with another {different[0]}: conf/ or the command has "
                "changed since; begin the sweep anew"
            )

    def _take_up(self) -> None:
        """Go on from the study: what has not ended well is to be attempted again."""
        attempts: dict[int, FrozenTrial] = {}
        for trial in self._study.get_trials(deepcopy=False):
            attempts[trial.user_attrs[JOB]] = trial
        for number, trial in sorted(attempts.items()):
            self._tried.add(self._words(trial.params))
            result = self._result(number)
            if trial.state == TrialState.RUNNING:
                self._tell(trial.number, result)
            if result is None or result.status not in DONE:
                self._waiting.append((number, trial.params))

    def _tell(self, trial: int, result: Result | None) -> None:
        """What an attempt came to; one without a result, or without a figure in it, failed."""
        if result is not None and result.status == "finished" and result.value is not None:
            self._study.tell(trial, result.value)
        elif result is not None and result.status == "pruned":
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, state=TrialState.FAIL)
