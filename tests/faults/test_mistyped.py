"""What a careless hand types: one line with the key, the value, and how to write what was meant."""

import shlex
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import composer, plan
from small_project import PROJECT

from neonym.base.errors import UserError
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text
from neonym.lab.composing.words import parse_word, quote, read_words

# Words that Hydra's grammar has no reading for
UNREADABLE = [
    ("", 'an override is empty; leave it out, or write key=""'),
    (" ", "an override is empty"),
    ("=3", "=3 has no key before the =; write key=value"),
    ("++=3", "++=3 has no key before the ="),
    ("model.hidden_size", "model.hidden_size has no value; write model.hidden_size=VALUE"),
    ("model.hidden_size =100", "write model.hidden_size=100, without spaces around the ="),
    ("model.hidden_size: 100", "model.hidden_size: 100: write model.hidden_size=100"),
    ("model.hidden_size:100", "model.hidden_size:100: write model.hidden_size=100"),
    ("model.hidden_size==100", "a sign too many; write model.hidden_size=100"),
    ("model.hidden_size=100,", "a sign too many; write model.hidden_size=100"),
    ("model.hidden_size=,100", "a sign too many; write model.hidden_size=100"),
    ("model.hidden_size=100;", "write 'model.hidden_size=\"100;\"'"),
    ("model.hidden_size=100]", "write 'model.hidden_size=\"100]\"'"),
    ("model.hidden_size=[100", "[ is not closed; write 'model.hidden_size=[100]'"),
    ("evaluate.temperatures=[0.5,1", "[ is not closed; write 'evaluate.temperatures=[0.5,1]'"),
    ("evaluate.examples=[é4]", 'within [ ] texts are in quotes; write \'evaluate.examples=["é4"'),
    ('evaluate.examples=["a",b!]', 'write \'evaluate.examples=["a","b!"]\''),
    ("data.split={val=0.2}", "data.split = {val=0.2}: within { } keys are plain letters"),
    ("data.split={val: 0.2", "{ is not closed; write 'data.split={val: 0.2}'"),
    ("data.rules={vowels & y: aeiouy}", "within { } keys are plain letters, other texts in quotes"),
    (
        "data.path=names (1).txt",
        "data.path = names (1).txt: Hydra reads only plain letters without",
    ),
    ("data.path=names (1).txt", "write 'data.path=\"names (1).txt\"'"),
    ("data.path=Élodie.txt", "write 'data.path=\"Élodie.txt\"'"),
    ("data.path=names[1].txt", "write 'data.path=\"names[1].txt\"'"),
    ("data.path=a&b.txt", "write 'data.path=\"a&b.txt\"'"),
    ("data.path=~/names.txt", "write 'data.path=\"~/names.txt\"'"),
    ("data.path=${seed", "data.path = ${seed: ${ begins a reference to another key, as ${seed}"),
    ("sample.prefix={", "sample.prefix = {: Hydra reads only plain letters without quotes; write"),
    ("sample.prefix=}", "write 'sample.prefix=\"}\"'"),
    ('sample.prefix="tyr', "write 'sample.prefix=\"tyr\"'"),
    ("sample.prefix=it's", "sample.prefix = it's: Hydra reads only plain letters without quotes"),
    ("sample.prefix=a=b", "write 'sample.prefix=\"a=b\"'"),
    ("sample.prefix=a(b)", "a( ) is none of range, interval, choice, tag; Hydra reads"),
    ("seed=range(3", "seed = range(3: range is written range(start,stop,step), of numbers"),
    ("seed=range(a)", "range is written range(start,stop,step), of numbers"),
    ("seed=choice()", "choice is written choice(a,b,c)"),
    ("optimizer.lr=interval(1e-3)", "interval is written interval(low,high), of numbers"),
    ("optimizer.lr=loguniform(1e-3,1e-2)", "loguniform( ) is none of range, interval, choice, tag"),
    ("seed=(0,1,2)", "write 'seed=\"(0,1,2)\"'"),
    ("data.comment=#", "write 'data.comment=\"#\"'"),
    ("data.separator=,", "write 'data.separator=\",\"'"),
    ("data.separator==", "write 'data.separator=\"=\"'"),
    (".model=lstm", ".model is no key; keys are plain letters, digits and _, with dots between"),
    ("model.=lstm", "model. is no key"),
    ("model..cell=rnn", "model..cell is no key"),
    ("mödel=lstm", "mödel is no key"),
    ("m odel=lstm", "m odel is no key"),
    ("optimizer/adam.lr=3", "optimizer/adam.lr is no key"),
    # a group is no value
    ("model=null", "model=null: model needs one of its choices: gru, lstm, rnn; a key in it is"),
    ("schedule=null", "schedule needs one of its choices: constant, cosine, one_cycle, step"),
    ("model=1", "model=1: model needs one of its choices: gru, lstm, rnn"),
    ("model=lstm,2", "model=2: model needs one of its choices"),
    ("experiment=1", "experiment=1: experiment needs one of its choices: base, best, classic"),
    (
        "tracking=false",
        "needs one of its choices: default; a key in it is written tracking.KEY=fal",
    ),
    ("hydra=null", "hydra=null: hydra needs one of its choices"),
]


@pytest.mark.parametrize("group", ["experiment", "debug"])
def test_no_key_is_named_in_a_group_that_has_none(group: str) -> None:
    with pytest.raises(UserError) as told:
        read_words([f"{group}=1"], PROJECT / "conf")
    assert str(told.value).startswith(f"{group}=1: {group} needs one of its choices: ")
    assert "KEY" not in str(told.value)


@pytest.mark.parametrize(("word", "line"), UNREADABLE)
def test_a_word_that_cannot_be_read_is_told_with_how_to_write_it(word: str, line: str) -> None:
    told(line, lambda: read_words([word], PROJECT / "conf"))


def told(line: str, function: Callable[[], object]) -> None:
    """See that a call is refused in one line that holds another."""
    with pytest.raises(UserError) as caught:
        function()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_how_a_text_is_quoted_is_how_hydra_reads_it(text: str) -> None:
    assert parse_word(f"data.path={quote(text)}").value() == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_what_is_advised_can_be_read(text: str) -> None:
    try:
        parse_word(f"data.path={text}")
    except UserError as error:
        _, between, advice = str(error).removeprefix(f"data.path = {text}: ").rpartition("; write ")
        if between:
            [advised] = shlex.split(advice)
            assert parse_word(advised).key_or_group == "data.path"


# Values that Hydra reads and the schema refuses, and keys that are not there
REFUSED = [
    ("model.hiden_size=100", "model.hiden_size: there is no such key; did you mean model.hidden_s"),
    ("hidden_size=100", "hidden_size: there is no such key; did you mean model.hidden_size?"),
    ("Seed=1", "Seed: there is no such key; did you mean seed?"),
    ("lr=0.1", "lr: there is no such key; did you mean optimizer.lr?"),
    ("train.lr=3", "train.lr: there is no such key; did you mean optimizer.lr?"),
    ("optimizer.LR=3", "did you mean optimizer.lr?"),
    (
        "optimizer.learning_rate=3",
        "optimizer.learning_rate: there is no such key; known are name, lr",
    ),
    ("model.max_length=3", "did you mean data.max_length or sample.max_length?"),
    (
        "tracking.run_name=x",
        "tracking.run_name: there is no such key yet; to add it write +tracking.run_name=VALUE",
    ),
    ("tracking.tags={team: a}", "to add it write +tracking.tags=VALUE"),
    ("paths.modle=x", "paths.modle: there is no such key; did you mean paths.model?"),
    ("model.hidden_size=", 'model.hidden_size = "": input should be a valid integer'),
    ("model.hidden_size=big", 'model.hidden_size = "big": input should be a valid integer'),
    ("model.hidden_size=1.5", "model.hidden_size = 1.5: input should be a valid integer"),
    (
        "model.hidden_size=1e2",
        "model.hidden_size = 100.0: input should be a valid integer; write 100",
    ),
    ('model.hidden_size="100"', '"100": input should be a valid integer; write it without quotes'),
    ("model.hidden_size=2**7", 'model.hidden_size = "2**7": input should be a valid integer'),
    ("model.hidden_size=null", "model.hidden_size = null: input should be a valid integer"),
    ("model.hidden_size=true", "model.hidden_size = true: input should be a valid integer"),
    ("model.hidden_size=[1]", "model.hidden_size = [1]: input should be a valid integer"),
    ("model.hidden_size=0", "model.hidden_size = 0: input should be greater than or equal to 1"),
    ("model.hidden_size=99999", "model.hidden_size = 99999: input should be less than or equal"),
    ("model.hidden_size=???", 'model.hidden_size = "???": input should be a valid integer'),
    ("train.patience=None", '"None": input should be a valid integer; none at all, where that is'),
    ("model.bias=both", "model.bias = \"both\": input should be 'single' or a valid boolean"),
    ("train.resume=maybe", 'train.resume = "maybe": input should be a valid boolean'),
    (
        "train.resume=yes",
        'train.resume = "yes": input should be a valid boolean; write true or fal',
    ),
    ("train.resume=1", "train.resume = 1: input should be a valid boolean; write true or false"),
    (
        "sample.prefix=3",
        "sample.prefix = 3: input should be a valid string; a text is in quotes: 's",
    ),
    (
        "sample.prefix=null",
        "sample.prefix = null: input should be a valid string; a text without l",
    ),
    ("evaluate.temperatures=1", "input should be a valid list; write evaluate.temperatures=[1]"),
    (
        "evaluate.temperatures=[hot]",
        'evaluate.temperatures = "hot": input should be a valid number',
    ),
    ("evaluate.examples=rex", "input should be a valid list; write evaluate.examples=[rex]"),
    (
        "evaluate.examples=[1]",
        "evaluate.examples = 1: input should be a valid string; a text is in",
    ),
    ('evaluate.examples=[""]', 'evaluate.examples = "": string should have at least 1 character'),
    ("data.split=0.1", "data.split = 0.1: input should be keys with values, as {key: value}"),
    (
        "data.split.val=10%",
        'data.split.val = "10%": input should be a valid number; a share is writ',
    ),
    ("model.dropout=1", "model.dropout = 1: input should be less than 1"),
    ("model.cell=LSTM", "model.cell = \"LSTM\": input should be 'rnn', 'gru' or 'lstm'"),
    ("optimizer.name=adamm", 'optimizer.name = "adamm": input should be one of'),
    ("optimizer.lr=-1", "optimizer.lr = -1: input should be greater than 0"),
    ("optimizer.lr=nan", "optimizer.lr = NaN: input should be a finite number"),
    ("optimizer.lr=1e400", "optimizer.lr = Infinity: input should be a finite number"),
    (
        'optimizer.lr="0.1"',
        'optimizer.lr = "0.1": input should be a valid number; write it without',
    ),
    ("train.epochs=0", "train.epochs = 0: input should be greater than or equal to 1"),
    ("train.dtype=float16", "train.dtype = \"float16\": input should be 'float32' or 'float64'"),
    ("sample.count=0", "sample.count = 0: input should be greater than or equal to 1"),
    (
        "sample.count=1e6",
        "sample.count = 1000000.0: input should be a valid integer; write 1000000",
    ),
    ("sample.temperature=-1", "sample.temperature = -1: input should be greater than or equal"),
    ("sample.top_p=1.1", "sample.top_p = 1.1: input should be less than or equal to 1"),
    (f"evaluate.temperatures=[{','.join(101 * '1')}]", "list should have at most 100 items"),
    ("evaluate.temperatures=[11]", "evaluate.temperatures = 11: input should be less than or eq"),
    ("data.max_length=10001", "data.max_length = 10001: input should be less than or equal to"),
    ("data.unit=words", "data.unit = \"words\": input should be 'character' or 'word'"),
    ("data.comment=''", 'data.comment = "": string should have at least 1 character'),
    ("seed=-1", "seed = -1: input should be greater than or equal to 0"),
    ("seed=4294967296", "seed = 4294967296: input should be less than 4294967296"),
    ("seed=[0,1]", "input should be a valid integer; several values are written without [ ], and"),
    ("optimizer.momentum=0.9", "optimizer.momentum: that is a key of optimizer=sgd, which is not"),
    ("schedule.final=0.1", "schedule.final: that is a key of schedule=cosine, which is not chosen"),
    ("sweep.optimized_metric=val_nll", "input should be the name of a figure, with dots"),
    ("seed=0x10", 'seed = "0x10": input should be a valid integer'),
    ("seed=", 'seed = "": input should be a valid integer'),
    ("tracking.wait_seconds=-1", "tracking.wait_seconds = -1: input should be greater"),
    ("data.split.val=0.95", "data.split: val and test together must be less than 1"),
    ("model.dropout=0.5", "model: dropout acts between layers and num_layers is 1"),
    ("sweep.optimized_metric=test.nll", "nothing is chosen by looking at test"),
    ("sweep.search=bayes", "sweep.search = \"bayes\": input should be 'grid', 'random' or 'tpe'"),
    ("optimizer.name=sgd", "optimizer.momentum is missing (and 5 more)"),
    # what the numbers of a training, and MLflow, cannot hold
    ("optimizer.eps=1e-300", "optimizer.eps = 1e-300 is lost in float32: at least 1.1e-19, or tr"),
    ("optimizer.lr=1e-50", "optimizer.lr = 1e-50 is lost in float32: at least 1.2e-38"),
    ("model.forget_bias=1e300", "model.forget_bias = 1e+300 is lost in float32: at most 3.4e+38"),
    ("optimizer.weight_decay=1e9", "optimizer: a step would lose lr * weight_decay = 7e+06 of th"),
    ("data.name=a b", 'data.name = "a b": input should be letters, digits, and the signs . _ -'),
    (f"data.name={'x' * 101}", "input should have 100 letters at most, and has 101"),
    (f"tracking.experiment={'x' * 501}", "input should have 500 letters at most, and has 501"),
    ("tracking.experiment=", 'tracking.experiment = "": input should be a name in one line'),
    ("data.name=${now:%Y}", "data.name = ${now:%Y}: the configuration may refer to its own keys"),
    ("data.path=${oc.env:HOME}", "data.path = ${oc.env:HOME}: the configuration may refer to its"),
    ("data.path=${hydra:job.name}", "reads nothing else, or secrets could be tracked"),
    (
        "data.path=${nosuch.key}",
        "${nosuch.key} refers to a key of the configuration, and there is no",
    ),
    ("data.path=${HOME}", "data.path = ${HOME}: ${HOME} refers to a key of the configuration, and"),
    ("data.path=${data.path}", "refers to a key of the configuration, which is this key itself"),
]
COMPOSING = composer()


@pytest.mark.parametrize(("word", "line"), REFUSED)
def test_a_value_that_makes_no_sense_is_told_with_its_key(word: str, line: str) -> None:
    told(line, lambda: COMPOSING.configuration([word]))


# What only Hydra's composition knows; the rest is told there as above
COMPOSED = [
    ("model.hiden_size=100", "model.hiden_size: there is no such key; did you mean model.hidden_s"),
    ("+model.hiden_size=3", "conf: unknown key model.hiden_size; did you mean model.hidden_size?"),
    ("+train.lr=3", "conf: unknown key train.lr; did you mean optimizer.lr?"),
    ("+nosuch=1", "unknown key nosuch; known are seed, data, model"),
    (
        "optimizer.momentum=1",
        "optimizer.momentum: that is a key of optimizer=sgd, which is not cho",
    ),
    ("hydra.launcher.workers=2", "that is a key of hydra/launcher=joblib, which is not chosen"),
    ("hydra.launcher.n_jobs=2", "hydra.launcher.n_jobs: there is no such key; known are workers"),
    ("hydra.run.dri=x", "hydra.run.dri: there is no such key; did you mean hydra.run.dir?"),
    ("modle=lstm", "modle: there is no such key; did you mean model?"),
    ("model=LSTM", "model=LSTM: there is no such choice; did you mean model=lstm?"),
    ("model=", "model=: there is no such choice; known are gru, lstm, rnn"),
    ("optimizer=adamm", "optimizer=adamm: there is no such choice; did you mean optimizer=adam?"),
    (
        "experiment=conf/experiment/classic.yaml",
        "there is no such choice; known are base, best, classic",
    ),
    ("hydra/launcher=nosuch", "hydra/launcher=nosuch: there is no such choice; known are basic"),
    ("+model=lstm", "model is chosen already; write model=NAME, without a +"),
    ("++model=lstm", "model is chosen already; write model=NAME, without a +"),
    ("+experiment=classic", "experiment is chosen already; write experiment=NAME, without a +"),
    ("+seed=3", "seed is set already; write seed=VALUE, without a +"),
    ("+optimizer.lr=3", "optimizer.lr is set already; write optimizer.lr=VALUE, without a +"),
    ("model@net=lstm", "model@net: nothing is chosen at that place; write model=NAME"),
    ("data.split={vla: 0.2}", "data.split.vla: there is no such key; did you mean data.split.val?"),
    ("data.rules.at_least_one_of={v: a}", "to add it write +data.rules.at_least_one_of.v=VALUE"),
    ("data.rules.at_least_one_of=[a]", "holds something else: keys with values are {key: value}"),
    (
        "evaluate.temperatures={a: 1}",
        "holds something else: keys with values are {key: value}, a l",
    ),
    ("+data.rules.at_least_one_of={a (b): x}", "within { } keys are plain letters"),
    ("+data.rules.at_least_one_of={a/b: x}", '"a/b": input should be words of letters, digits, _'),
    ("~seed", "seed is missing"),
    ("data.path=", 'conf: data.path = "": input should be the name of a file'),
    ("paths.model=''", 'conf: paths.model = "": input should be the name of a file'),
    ("~model.cell", "model.cell is missing"),
    ("~data.pth", "data.pth: there is no such key; did you mean data.path?"),
    ("seed=1,2", "seed=1,2 has several values: with -m each is a job of its own"),
    ("optimizer.lr=0,01", "a single number is written optimizer.lr=0.01"),
    ("model.hidden_size=1,000", "a single number is written model.hidden_size=1000"),
    ("evaluate.temperatures=0.5,1", "a list is written evaluate.temperatures=[0.5,1]"),
    ("seed=range(3)", "seed=range(3) has several values: with -m each is a job of its own"),
    ("model.cell=gru  model.forget_bias=1", "model: only an lstm with biases has a forget_bias"),
    (
        "data.path=${nosuch.key}",
        "${nosuch.key} refers to a key of the configuration, and there is no",
    ),
]


@pytest.mark.parametrize(("override", "line"), COMPOSED)
def test_what_hydra_refuses_is_told_in_the_words_of_this_configuration(
    override: str, line: str
) -> None:
    told(line, lambda: compose_text(PROJECT / "conf", Configuration, override.split("  ")))


@pytest.mark.parametrize("word", ["experiment=null", "experiment=[]"])
def test_no_experiment_is_what_the_configuration_says_itself(word: str) -> None:
    conf = PROJECT / "conf"
    assert compose_text(conf, Configuration, [word]) == compose_text(conf, Configuration)


def test_a_sweep_takes_no_experiment_among_others() -> None:
    def jobs(*words: Sequence[str]) -> list[str]:
        return [" ".join(job) for job in plan("train", words).jobs]

    assert jobs("experiment=null,classic") == ["experiment=[]", "experiment=classic"]
    assert jobs("experiment=null", "seed=0,1") == ["experiment=[] seed=0", "experiment=[] seed=1"]


def test_many_mistakes_are_told() -> None:
    assert len(UNREADABLE) + len(REFUSED) + len(COMPOSED) >= 140
