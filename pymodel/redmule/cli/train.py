# SPDX-License-Identifier: Apache-2.0
"""`redmule train`: a network learns, its products as jobs of a device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cli.options import ConfigOption, help_of, number, whole
from redmule.cli.output import INTERRUPTED, JsonOption, out_folder, print_json, print_table, progress_bar
from redmule.config import Config
from redmule.networks import NETWORKS
from redmule.report.curves import CURVE_FILES, write_curves
from redmule.report.step_energy import products_energy
from redmule.train import CHECKPOINT, OPTIMISERS, Run, Score, Settings
from redmule.train.trainer import total

MOST_STEPS = 1_000_000


def train(
    network: Annotated[str, typer.Argument(help=f"Network: {', '.join(NETWORKS)}.")],
    data: Annotated[
        str | None, typer.Option(help=help_of("--data", "Samples (default: digits, if it takes them)"))
    ] = None,
    recipe: Annotated[str, typer.Option(help=help_of("--recipe", "Formats"))] = "fp16",
    steps: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Steps, altogether.")] = None,
    epochs: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Or epochs (default: 1).")] = None,
    batch: Annotated[int, typer.Option(parser=whole, metavar="N", help="Samples of a step.")] = 32,
    accumulate: Annotated[int, typer.Option(parser=whole, metavar="N", help="Parts a batch is cut into.")] = 1,
    optimiser: Annotated[str, typer.Option(help=help_of("--optimiser", "Optimiser"))] = "adam",
    lr: Annotated[float | None, typer.Option(parser=number, metavar="RATE", help="Rate of learning.")] = None,
    loss_scale: Annotated[
        float | None, typer.Option(parser=number, metavar="S", help="A fixed loss scale instead of a dynamic one.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="golden, rtl, model, or float for fp32 (default: golden, for fp32 float).")
    ] = None,
    config: ConfigOption = "paper",
    seed: Annotated[
        int, typer.Option(parser=whole, metavar="S", help="Seed of weights, order of samples, synthetic data.")
    ] = 0,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for checkpoint, table and curves.")] = None,
    every: Annotated[int, typer.Option(parser=whole, metavar="N", help="Steps between checkpoints.")] = 25,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network; loss, accuracy and cycles. A run that was stopped or killed goes on with --resume."""
    checks.choice("optimiser", optimiser, OPTIMISERS)
    settings = Settings(
        network=network,
        data=data or Settings.usual_data(network),
        recipe=recipe,
        backend=backend or ("float" if recipe == "fp32" else "golden"),
        config=config,
        optimiser=optimiser,
        rate=OPTIMISERS[optimiser][0] if lr is None else lr,
        batch=batch,
        accumulate=accumulate,
        loss_scale=loss_scale,
        seed=seed,
    )
    checks.integer("every", every, range(1, MOST_STEPS + 1))
    if resume and out is None:
        raise checks.refused("resume", resume, "only with --out")
    samples = settings.load_data()
    count = _steps(steps, epochs, samples.train.steps_per_epoch(batch))
    folder = None if out is None else out_folder(out, (CHECKPOINT, *CURVE_FILES))
    judge = "golden" if settings.backend == "rtl" else settings.backend
    with settings.engine() as engine, settings.engine(judge) as judging:
        run = Run(settings, settings.trainer(engine))
        if resume and folder is not None:
            run.resume(folder)
        try:
            with progress_bar(count, "steps") as bar:
                score = run.advance(samples, count, judge=judging, folder=folder, every=every, progress=bar)
        except KeyboardInterrupt:
            kept = "" if folder is None else "; --resume goes on from the last checkpoint"
            typer.echo(f"redmule: interrupted after {len(run.steps)} steps{kept}", err=True)
            raise typer.Exit(INTERRUPTED) from None
    if folder is not None:
        write_curves(run, folder)
    if as_json:
        print_json(_record(run, score))
    else:
        _tell(run, score)


def _steps(steps: int | None, epochs: int | None, in_epoch: int) -> int:
    """Return how many steps are wanted."""
    if steps is not None and epochs is not None:
        raise checks.refused("epochs", epochs, "only without --steps")
    if steps is not None:
        return checks.integer("steps", steps, range(1, MOST_STEPS + 1))
    return checks.integer("epochs", 1 if epochs is None else epochs, range(1, MOST_STEPS // in_epoch + 1)) * in_epoch


def _record(run: Run, score: Score) -> dict[str, Any]:
    """Return a run as JSON."""
    accelerator, cores = run.settings.planned_cycles()
    counted = run.settings.backend != "float" and run.trainer.engine.log  # empty if there was nothing left to do
    energy = products_energy(run.trainer.engine.log, Config.named(run.settings.config)) if counted else None
    return {
        "settings": asdict(run.settings),
        "steps": len(run.steps),
        "skipped": sum(step.skipped for step in run.steps),
        "loss_first": run.steps[0].loss,
        "loss_last": run.steps[-1].loss,
        "test_loss": score.loss,
        "test_accuracy": score.accuracy,
        "loss_scale": run.trainer.scale.value,
        "accelerator_cycles_of_step": accelerator,
        "core_cycles_of_step": cores,
        "accelerator_cycles": total([step.accelerator_cycles for step in run.steps]),
        "product_energy_of_step_uj": None if energy is None else energy.total_pj / 1e6,
        "curve": [asdict(step) for step in run.steps],
        "scores": {steps: asdict(each) for steps, each in run.scores.items()},
    }


def _tell(run: Run, score: Score) -> None:
    """Print a run: how it went, and what it took."""
    told = _record(run, score)
    settings = run.settings
    rows = [("start", 0, f"{told['loss_first']:.4f}", "-", "-")]
    rows += [(name, steps, *_cells(run, steps, each)) for name, steps, each in _points(run, score)]
    title = f"{settings.network}: {settings.data}, {settings.recipe} on {settings.backend}, batch {settings.batch}"
    print_table(("", "steps", "batch loss", "test loss", "test accuracy"), rows, title)
    print()
    cycles = [
        ("accelerator, each step", told["accelerator_cycles_of_step"], "law"),
        ("cores, each step", told["core_cycles_of_step"], "table of costs"),
        ("accelerator, the run", told["accelerator_cycles"], "measured" if settings.backend == "rtl" else "law"),
    ]
    known = [(what, count, source) for what, count, source in cycles if count is not None]
    if known:
        print_table(("cycles", "", "by"), known)
    if (energy := told["product_energy_of_step_uj"]) is not None:
        print(f"Energy of the products of a step, estimated for 22 nm at 0.65 V: {energy:.3g} uJ.")
    print(f"Loss scale {told['loss_scale']:g}; {told['skipped']} steps were skipped for overflow.")


MOST_ROWS = 12


def _points(run: Run, score: Score) -> list[tuple[str, int, Score]]:
    """Return what the table shows: epochs, not more than fit, and the end."""
    in_steps = list(run.scores.items())
    stride = -(-len(in_steps) // MOST_ROWS) if in_steps else 1
    epochs = [(f"epoch {number}", *each) for number, each in enumerate(in_steps, 1)][stride - 1 :: stride]
    return epochs if epochs and epochs[-1][1] == len(run.steps) else [*epochs, ("end", len(run.steps), score)]


def _cells(run: Run, steps: int, score: Score) -> tuple[str, str, str]:
    accuracy = "-" if score.accuracy is None else f"{score.accuracy:.2%}"
    return f"{run.steps[steps - 1].loss:.4f}", f"{score.loss:.4f}", accuracy
