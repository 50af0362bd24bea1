# SPDX-License-Identifier: Apache-2.0
"""Training: batches, loss scaling, steps, runs, checkpoints that survive a kill, the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import redmule
from redmule.cli import main
from redmule.device import open_device
from redmule.layers import FP16, SGD, DeviceEngine, FloatEngine, Linear, ReLU, Sequential, cross_entropy, mse
from redmule.train import (
    CHECKPOINT,
    Data,
    Dataset,
    LossScale,
    Run,
    Settings,
    Trainer,
    checkpoint,
    digits,
    synthetic,
    train,
)

MLP = Settings("digits_mlp", batch=8)


@pytest.fixture(scope="module")
def data() -> Data:
    return digits()


@pytest.fixture(scope="module")
def few(data: Data) -> Data:
    return Data(data.train.pick(slice(40)), data.test.pick(slice(20)))


def small_trainer(scale: LossScale | None = None, accumulate: int = 1) -> Trainer:
    layers = Sequential([Linear(4, 8), ReLU(), Linear(8, 3)]).initialise(np.random.default_rng(1))
    return Trainer(layers, cross_entropy, SGD(0.1), FloatEngine(np.float64), scale or LossScale(1.0), accumulate)


# ------------------------------------------------------------------------------------------------------- data


def test_digits_are_split_the_same_way_each_time(data: Data) -> None:
    again = digits()
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert data.train.inputs.shape[1:] == (8, 8, 1)
    assert data.train.inputs.max() == 1
    assert (again.test.inputs == data.test.inputs).all()


def test_splits_have_the_same_digits_in_another_order(data: Data) -> None:
    other = digits(1)
    assert len(other.test) == len(data.test)
    assert (other.test.inputs != data.test.inputs).any()
    assert sum(part.inputs.sum(dtype=np.float64) for part in (other.train, other.test)) == pytest.approx(
        sum(part.inputs.sum(dtype=np.float64) for part in (data.train, data.test))
    )


def test_an_epoch_has_each_sample_at_most_once_and_the_next_one_another_order() -> None:
    samples = Dataset(np.arange(10), np.arange(10))
    epochs = [np.concatenate([samples.batch(3, step, 5).inputs for step in range(3 * e, 3 * e + 3)]) for e in (0, 1)]
    assert all(len(set(epoch)) == 9 for epoch in epochs)
    assert (epochs[0] != epochs[1]).any()


def test_synthetic_samples_have_labels_or_are_their_own_targets() -> None:
    labelled, free = synthetic((3, 2), 4, 20, seed=1), synthetic((5,), None, 8, seed=1)
    assert (len(labelled.train), len(labelled.test)) == (20, 5)
    assert set(labelled.train.targets) <= set(range(4))
    assert free.train.targets is free.train.inputs or (free.train.targets == free.train.inputs).all()


# ----------------------------------------------------------------------------------------------- loss scaling


def test_a_dynamic_scale_halves_on_overflow_and_doubles_after_good_steps() -> None:
    scale = LossScale(8.0, grow_after=2)
    values = []
    for overflow in (True, False, False, False, True, False, False):
        scale.update(overflow)
        values.append(scale.value)
    assert values == [4, 4, 8, 8, 4, 4, 8]


def test_a_static_scale_stays() -> None:
    scale = LossScale(8.0, dynamic=False)
    scale.update(True)
    assert scale.value == 8


def test_a_step_whose_gradients_overflow_changes_no_parameter(data: Data) -> None:
    settings = replace(MLP, network="digits_cnn")
    with settings.engine() as engine:
        trainer = settings.trainer(engine)
        trainer.scale = LossScale(2.0**22)
        before = trainer.network.state()
        trained = [path for path, parameter in trainer.network.parameters().items() if parameter.trained]
        step = trainer.step(data.train.batch(8, 0, 0))
        assert step.skipped
        assert any(work.overflow and not work.on_cores for work in engine.log), "the OF flag of a job says so"
        assert all((trainer.network.state()[path] == before[path]).all() for path in trained)
        assert trainer.scale.value == 2.0**21
        later = [trainer.step(data.train.batch(8, number, 0)) for number in range(1, 20)]
    assert not later[-1].skipped
    assert later[-1].loss < step.loss


# ------------------------------------------------------------------------------------------------------ steps


def test_the_scale_and_the_parts_of_a_batch_do_not_change_the_step() -> None:
    rng = np.random.default_rng(2)
    batch = Dataset(rng.standard_normal((12, 4)), rng.integers(0, 3, 12))
    states = []
    for scale, accumulate in ((1.0, 1), (1024.0, 1), (64.0, 3)):
        trainer = small_trainer(LossScale(scale), accumulate)
        trainer.step(batch)
        states.append(trainer.network.state())
    for state in states[1:]:
        for path, value in state.items():
            np.testing.assert_allclose(value, states[0][path], rtol=1e-6, atol=1e-7)


def test_a_batch_that_cannot_be_cut_into_its_parts_is_refused() -> None:
    batch = Dataset(np.zeros((5, 4)), np.zeros(5, np.int64))
    with pytest.raises(ValueError, match="batch = 5: allowed is a multiple of accumulate = 2"):
        small_trainer(accumulate=2).step(batch)


def test_a_loss_that_is_not_finite_ends_the_run() -> None:
    batch = Dataset(np.full((2, 4), np.nan), np.zeros(2, np.int64))
    with pytest.raises(RuntimeError, match="loss = nan in step 1: training diverged"):
        small_trainer().step(batch)


def test_evaluation_leaves_log_and_network_as_they_are() -> None:
    trainer, rng = small_trainer(), np.random.default_rng(3)
    samples = Dataset(rng.standard_normal((130, 4)), rng.integers(0, 3, 130))
    trainer.step(samples.pick(slice(8)))
    noted, before = list(trainer.engine.log), trainer.network.state()
    score = trainer.evaluate(samples)
    assert trainer.engine.log == noted
    assert all((trainer.network.state()[path] == value).all() for path, value in before.items())
    scores = trainer.network.forward(samples.inputs, FloatEngine(np.float64))[0]
    assert score.accuracy == (scores.argmax(1) == samples.targets).mean()


def test_regression_has_no_accuracy() -> None:
    layers = Sequential([Linear(4, 4)]).initialise(np.random.default_rng(1))
    trainer = Trainer(layers, mse, SGD(0.1), FloatEngine(np.float32))
    samples = synthetic((4,), None, 16, seed=1).train
    losses = [trainer.step(samples).loss for _ in range(20)]
    assert losses[-1] < losses[0]
    assert trainer.evaluate(samples).accuracy is None


# ------------------------------------------------------------------------------------------------------- runs


def test_equal_settings_give_equal_bits_and_another_seed_others(few: Data) -> None:
    runs = [train(replace(MLP, seed=seed), few, 6) for seed in (1, 1, 2)]
    bits = [b"".join(value.tobytes() for value in run.trainer.network.state().values()) for run in runs]
    assert bits[0] == bits[1] != bits[2]
    assert runs[0].steps == runs[1].steps


@pytest.mark.parametrize(("recipe", "backend"), [("fp32", "float"), ("fp16", "golden"), ("mixed_fp8", "golden")])
def test_the_digits_are_learnt_with_each_recipe(data: Data, recipe: str, backend: str) -> None:
    run = train(Settings(recipe=recipe, backend=backend), data, 44)
    accuracy = run.scores[44].accuracy
    assert accuracy is not None
    assert accuracy > 0.85


def test_planned_cycles_are_those_that_the_model_counts(few: Data) -> None:
    settings = replace(MLP, backend="model", accumulate=2)
    step = train(settings, few, 1).steps[0]
    assert (step.accelerator_cycles, step.core_cycles) == settings.planned_cycles()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "lenet"}, "network = 'lenet': allowed are"),
        ({"recipe": "fp32"}, "recipe on backend golden = 'fp32': allowed are fp16, mixed_fp8; fp32 is for float"),
        ({"backend": "float"}, "recipe on backend float = 'fp16': allowed is fp32"),
        ({"batch": 9, "accumulate": 2}, "batch = 9: allowed is a multiple of accumulate = 2"),
        ({"rate": float("nan")}, "rate = nan: allowed are numbers from 0 to 100"),
    ],
)
def test_settings_that_make_no_run_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(MLP, **change)


def test_digits_are_refused_to_a_network_of_other_images() -> None:
    with pytest.raises(ValueError, match="network = 'resnet8': allowed for digits are digits_mlp"):
        Settings("resnet8").load_data()


# ------------------------------------------------------------------------------------------------ checkpoints


def test_a_run_that_goes_on_from_a_checkpoint_ends_in_the_same_bits(few: Data, tmp_path: Path) -> None:
    whole = train(MLP, few, 12)
    train(MLP, few, 5, folder=tmp_path)
    with MLP.engine() as engine:
        run = Run(MLP, MLP.trainer(engine))
        run.resume(tmp_path)
        assert len(run.steps) == 5
        run.advance(few, 12)
    assert content(run) == content(whole)


def content(run: Run) -> tuple[object, ...]:
    arrays, facts = run.trainer.state()
    return {name: array.tobytes() for name, array in arrays.items()}, facts, run.steps, run.scores


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from redmule.train import Settings, synthetic, train

where, when = sys.argv[2], int(sys.argv[3])
calls = 0

def dying(before, after):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == when and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if calls == when and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call

if where == "half written":
    def half(file, **arrays):
        global calls
        calls += 1
        real(file, **arrays)
        if calls == when:
            file.truncate(file.tell() // 2)
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    real, np.savez = np.savez, half
elif where in ("before the rename", "after the rename"):
    real = Path.replace
    Path.replace = dying(where[0] == "b", where[0] == "a")
else:
    from redmule.train.trainer import Trainer
    real = Trainer.step
    Trainer.step = dying(False, True)
settings = Settings("digits_mlp", "synthetic", "fp32", "float", batch=8)
train(settings, synthetic((8, 8, 1), 10, 40, 0), 12, folder=Path(sys.argv[1]), every=3)
"""


@pytest.mark.parametrize(
    ("where", "when"),
    [("half written", 1), ("half written", 3), ("before the rename", 2), ("after the rename", 2), ("in a step", 8)],
)
def test_a_run_that_is_killed_resumes_to_the_same_bits(where: str, when: int, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(redmule.__file__).parents[1])}
    command = [sys.executable, "-c", KILLED, str(tmp_path), where, str(when)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    settings, samples = Settings("digits_mlp", "synthetic", "fp32", "float", batch=8), synthetic((8, 8, 1), 10, 40, 0)
    with settings.engine() as engine:
        run = Run(settings, settings.trainer(engine))
        run.resume(tmp_path)
        assert len(run.steps) == {"half written": 3 * (when - 1), "before the rename": 3}.get(where, 6)
        run.advance(samples, 12, folder=tmp_path, every=3)
    assert content(run) == content(train(settings, samples, 12))
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_checkpoint_of_another_run_is_refused(few: Data, tmp_path: Path) -> None:
    train(MLP, few, 1, folder=tmp_path)
    with MLP.engine() as engine, pytest.raises(ValueError, match=r"batch = 4: allowed to go on from .* is 8"):
        Run(replace(MLP, batch=4), MLP.trainer(engine)).resume(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"text"])
def test_a_file_that_is_no_checkpoint_is_refused(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    path.write_bytes(damage)
    with pytest.raises(ValueError, match="allowed is a checkpoint"):
        checkpoint.load(path)


@pytest.mark.parametrize("facts", ["{}", "[1]", '{"settings": {}}', '{"settings": 1}'])
def test_a_checkpoint_that_is_of_no_run_is_refused(facts: str, tmp_path: Path) -> None:
    np.savez(tmp_path / CHECKPOINT, facts=np.array(facts))
    with MLP.engine() as engine, pytest.raises(ValueError, match="allowed"):
        Run(MLP, MLP.trainer(engine)).resume(tmp_path)


# ---------------------------------------------------------------------------------------------------- command


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["train", *words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_command_trains_writes_files_and_resumes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("digits_mlp", "--batch", "128", "--out", str(tmp_path), "--json")
    code, out, _ = command(capsys, *words, "--steps", "3")
    first = json.loads(out)
    assert (code, first["steps"]) == (0, 3)
    assert {"checkpoint.npz", "steps.csv", "loss.svg", "loss.png"} <= {path.name for path in tmp_path.iterdir()}
    code, out, _ = command(capsys, *words, "--epochs", "1", "--resume")
    second = json.loads(out)
    assert second["curve"][:3] == first["curve"]
    assert first["product_energy_of_step_uj"] > 0
    assert (second["steps"], list(second["scores"])) == (11, ["11"])
    code, out, _ = command(capsys, "digits_mlp", "--steps", "2")
    assert code == 0
    assert "test accuracy" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lenet",), "network = 'lenet': allowed are resnet8"),
        (("digits_mlp", "--resume"), "resume = True: allowed only with --out"),
        (("digits_mlp", "--steps", "1", "--epochs", "1"), "epochs = 1: allowed only without --steps"),
        (("digits_mlp", "--steps", "0"), "steps = 0: allowed are 1 to"),
        (("digits_mlp", "--batch", "0"), "batch = 0: allowed are 1 to 1437"),
        (("digits_mlp", "--lr", "fast"), "'fast': allowed is a number"),
        (("digits_mlp", "--out", ""), "out = '': allowed is a folder that can be written (it has no name)"),
        (("digits_mlp", "--out", "/dev/null/x"), "out = '/dev/null/x': allowed is a folder that can be written (Not"),
        (("digits_mlp", "--optimiser", "lion"), "optimiser = 'lion': allowed are sgd, adam"),
    ],
)
def test_wrong_words_of_the_command_are_one_line(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = command(capsys, *words)
    assert code != 0
    assert message in err
    assert len(err.splitlines()) == 1


def test_what_cannot_be_kept_is_not_trained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "loss.svg").mkdir()
    code, out, err = command(capsys, "digits_mlp", "--steps", "1", "--out", str(tmp_path))
    assert (code, out) == (1, "")
    assert err.endswith("loss.svg': allowed is a file that can be written (Is a directory)\n")
    assert [path.name for path in tmp_path.iterdir()] == ["loss.svg"]


def test_a_trainer_on_a_device_needs_no_settings() -> None:
    samples = synthetic((4,), 3, 16, seed=1).train
    with open_device("golden", "tiny") as device:
        layers = Sequential([Linear(4, 3)]).initialise(np.random.default_rng(1))
        trainer = Trainer(layers, cross_entropy, SGD(0.5), DeviceEngine(device, FP16))
        losses = [trainer.step(samples).loss for _ in range(20)]
    assert losses[-1] < losses[0]
