"""Draw names from the trained network into `reports/names.csv`.

python pipelines/sample.py sample.temperature=0.8 sample.prefix=tyr
python pipelines/sample.py sample.count=100 sample.novel=true sample.distinct=true
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neonym.base.files import sha256_of_file, write_text
from neonym.base.spreadsheet import inert
from neonym.corpus.processed import read_processed
from neonym.generation.generator import NameGenerator, Names
from neonym.generation.trained import load_generator
from neonym.lab.stage.stage import Stage, main
from neonym.lab.tracking.run import open_run
from neonym.lab.tracking.store import Store, project_root
from neonym.models.choice import Choice
from neonym.settings import Sample
from neonym.tracked.workspace import Files, log_names, run_name


def run_sampling(stage: Stage) -> None:
    """Draw names, write them, and log them."""
    configuration = stage.configuration
    files = files_of(stage)
    sample_files(stage, files)
    with open_run(
        Store.of_project(project_root(Path.cwd())),
        configuration,
        kind="job" if stage.by_hand else "workspace",
        stage="sample",
        name=stage.title or run_name(configuration),
        model_sha256=sha256_of_file(files.model),
        enabled=configuration.tracking.enabled,
    ) as run:
        stage.run_key = run.key
        log_names(run, files)


def files_of(stage: Stage) -> Files:
    """The files to read and to write; by hand those to read are the workspace's."""
    files = Files.below(stage.results)
    if not stage.by_hand:
        return files
    paths = stage.configuration.paths
    return replace(files, processed=Path(paths.processed), model=Path(paths.model))


def sample_files(stage: Stage, files: Files) -> None:
    """Draw names from the trained model and write them, one a row."""
    configuration = stage.configuration
    known = read_processed(files.processed).train if configuration.sample.novel else []
    generator = load_generator(files.model, configuration)
    names = draw(generator, configuration.sample, configuration.seed, known)
    remark(stage, names)
    write_names(files.names, names)


def draw(generator: NameGenerator, options: Sample, seed: int, known: Sequence[str]) -> Names:
    """The names that the configuration asks for; none of those known."""
    return generator.draw(
        options.count,
        seed=seed,
        choice=Choice(options.temperature, options.top_k, options.top_p),
        prefix=options.prefix,
        max_length=options.max_length,
        distinct=options.distinct,
        exclude=known,
    )


def remark(stage: Stage, names: Names) -> None:
    """Say how many names were drawn where not every one was kept."""
    count, wanted = len(names.names), stage.configuration.sample.count
    if names.draws > count:
        short = f", {wanted} were asked for" if count < wanted else ""
        stage.say(f"sample: {names.draws} names drawn for {count}{short}")


def write_names(path: Path, names: Names) -> None:
    """Write names with whether the model ended them and their log-probability, nats.

    A spreadsheet may open the file: `neonym.base.spreadsheet.exact` gives the name in a cell.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", "ended", "log_prob"])
    rows = zip(names.names, names.ended.tolist(), names.log_probs.tolist(), strict=True)
    writer.writerows([inert(name), str(ended).lower(), f"{nats:.6g}"] for name, ended, nats in rows)
    write_text(path, table.getvalue())


if __name__ == "__main__":
    main("sample", run_sampling)
