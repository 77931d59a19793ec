"""Draw names from the trained network into `reports/names.csv`.

python pipelines/sample.py sample.temperature=0.8 sample.prefix=tyr
"""

import csv
import io
from pathlib import Path

from model import load_generator
from neonym.choice import Choice
from neonym.configuration import Sample
from neonym.files import sha256_of_file, write_text
from neonym.generator import NameGenerator, Names
from neonym.tracking.run import open_run
from neonym.tracking.store import Store, project_root
from neonym.tracking.workspace import Files, log_names, run_name
from stage import Stage, main


def sample(stage: Stage) -> None:
    """Draw names and write them, one a row."""
    configuration = stage.configuration
    files = Files.below(stage.results)
    model = Path(configuration.paths.model) if stage.by_hand else files.model
    generator = load_generator(model, configuration)
    write_names(files.names, draw(generator, configuration.sample, configuration.seed))
    with open_run(
        Store.of_project(project_root(Path.cwd())),
        configuration,
        kind="job" if stage.by_hand else "workspace",
        stage="sample",
        name=run_name(configuration),
        model_sha256=sha256_of_file(model),
        enabled=configuration.tracking.enabled,
    ) as run:
        log_names(run, files)


def draw(generator: NameGenerator, options: Sample, seed: int) -> Names:
    """The names that the configuration asks for."""
    return generator.draw(
        options.count,
        seed=seed,
        choice=Choice(options.temperature),
        prefix=options.prefix,
        max_length=options.max_length,
    )


def write_names(path: Path, names: Names) -> None:
    """Write names with whether the model ended them and their log-probability, nats."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", "ended", "log_prob"])
    rows = zip(names.names, names.ended.tolist(), names.log_probs.tolist(), strict=True)
    writer.writerows([name, str(ended).lower(), f"{nats:.6g}"] for name, ended, nats in rows)
    write_text(path, table.getvalue())


if __name__ == "__main__":
    main("sample", sample)
