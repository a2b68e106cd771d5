"""The benchmarks' own arithmetic, tables and manners, with contenders that take no time to import."""

import csv
import math
import types

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import (
    contenders,
    machine,
    nets,
    processes,
    quiet,
    report,
    rows,
    targets,
    timing,
    validation,
)
from benchmarks.contenders import plain_numpy
from benchmarks.digits import Data
from benchmarks.results import Row
from benchmarks.timing import Work


def row(name=rows.STEP, **options):
    measurements = {
        "tinycnn": [0.1, 0.2, 0.1],
        "PyTorch": [0.4, 0.8, 0.3],
        "Keras": [0.5, 0.9, 0.9],
    }
    return Row(
        name, **{"measurements": measurements, "absent": {"NumPy": "not installed"}, **options}
    )


def outcome_of(measured, name):
    (target,) = [target for target in targets.TARGETS if target.name.startswith(name)]
    return target.judge({row.name: row for row in measured})


def test_arithmetic_is_counted_as_for_the_plain_dense_algorithm():
    convolutions = 2 * 26 * 26 * 9 * 1 * 32, 2 * 24 * 24 * 9 * 32 * 64
    products = 2 * 9216 * 256, 2 * 256 * 10
    assert nets.CLASSIC.forward_flops() == [*convolutions, 0, 0, 0, products[0], 0, products[1]]
    assert nets.CLASSIC.step_flops() == 3 * sum([*convolutions, *products]) - convolutions[0]
    assert round(nets.CLASSIC.step_flops() / 1e6, 1) == 78.7
    lenet = nets.lenet("tanh")
    assert lenet.shapes()[1:5] == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16)]
    stride2 = nets.stride2()
    assert stride2.shapes()[1:5] == [(12, 12, 8), (10, 10, 16), (5, 5, 16), (3, 3, 32)]
    assert sum(stride2.forward_flops()) / 2 == 204_544
    case = nets.Convolution("", samples=2, side=7, channels=3, filters=5, window=3, stride=2)
    assert case.flops() == 2 * 2 * 3 * 3 * 5 * 9 * 3


def test_statistics():
    measured = timing.summary([4.0, 1.0, 3.0, 2.0, 5.0])
    assert (measured.median, measured.low, measured.high) == (3.0, 2.0, 4.0)
    assert timing.summary([7.0]) == timing.Summary(7.0, 7.0, 7.0)
    assert f"{measured:.1f}" == "3.0 [2.0, 4.0]"
    assert timing.ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.slow
def test_contenders_take_turns_from_the_beginning_each_time():
    calls = []
    works = {
        name: Work(lambda count, name=name: calls.append(name), 1, lambda: calls.append("prepare"))
        for name in "AB"
    }
    measured = timing.alternate(works, 3, 0)
    once = ["prepare", "A", "A", "prepare", "B", "B"]
    assert calls[-18:] == 3 * once
    assert {name: len(values) for name, values in measured.items()} == {"A": 3, "B": 3}
    measured = timing.alternate(works, 5, 0, seldom=("B",))
    assert {name: len(values) for name, values in measured.items()} == {"A": 5, "B": 2}


def test_the_count_fills_a_turn_but_never_exceeds_the_limit(monkeypatch):
    monkeypatch.setattr(timing, "seconds", lambda work, count: 0.01 + 0.04 / count)
    assert timing.count_for(Work(lambda count: None), 1.0) == 95  # 64 took 0.68
    assert timing.count_for(Work(lambda count: None, limit=5), 1.0) == 5


def test_the_fastest_way_is_taken(monkeypatch):
    cost = {"slow": 3.0, "fast": 1.0}
    monkeypatch.setattr(timing, "count_for", lambda work, block: 1)
    monkeypatch.setattr(timing, "settled", lambda work, count: cost[work.run])
    assert timing.fastest({name: Work(name) for name in cost}, 1.0) == "fast"


def test_a_target_compares_with_the_faster_peer_round_by_round():
    outcome = outcome_of([row()], "training step, batch 128: faster")
    assert outcome.ratios == pytest.approx([4.0, 4.0, 3.0])
    assert outcome.word == "lower limit"
    assert outcome.words.startswith("PyTorch")


@pytest.mark.parametrize(
    ("peer", "word"), [(0.46, "reached"), (0.34, "lower limit"), (0.32, "missed")]
)
def test_outcomes_where_large_is_good(peer, word):
    measurements = {"tinycnn": [0.1], "Keras": [peer]}
    measured = row(measurements=measurements, absent={"PyTorch": "not installed"})
    outcome = outcome_of([measured], "training step, batch 128: faster")
    assert outcome.word == word
    assert "PyTorch absent" in outcome.words


@pytest.mark.parametrize(
    ("ours", "word"), [(6.0, "reached"), (10.0, "lower limit"), (11, "missed")]
)
def test_outcomes_where_small_is_good(ours, word):
    measured = row(rows.MEMORY, unit="MB", measurements={"tinycnn": [ours], "PyTorch": [10.0]})
    assert outcome_of([measured], "memory").word == word


def test_predictions_are_compared_with_the_fastest_engine():
    measurements = {"tinycnn": [1.0], "PyTorch": [0.1], "MNN": [1.6], "ncnn": [1.2]}
    measured = row(rows.ONE, measurements=measurements, absent={"LiteRT": "not installed"})
    outcome = outcome_of([measured], "one prediction")
    assert (outcome.ratios, outcome.word) == ([1.2], "lower limit")
    assert outcome.words.startswith("ncnn")
    assert "LiteRT" in outcome.words.partition(";")[2]


def test_the_first_run_is_judged_by_its_seconds():
    peers = {"PyTorch": [1.0], "Keras": [2.0]}
    for seconds, word in ((6.0, "reached"), (9.0, "lower limit"), (9.1, "missed")):
        measured = row(rows.FIRST_RUN, measurements={"tinycnn": [seconds], **peers})
        outcome = outcome_of([measured], "first run")
        assert (outcome.ratios, outcome.word) == ([seconds], word)


def test_arithmetic_over_sgemm():
    measured = row(flops=10e9, sgemm=[100e9, 50e9, 200e9])
    outcome = outcome_of([measured], "training step, batch 128: dense")
    assert outcome.ratios == pytest.approx([1.0, 1.0, 0.5])


def test_convolutions_together():
    each = {"tinycnn": [1.0], "PyTorch": [2.0]}
    measured = [row(name, measurements=each) for name in rows.BOTH_WAYS]
    assert outcome_of(measured[1:], "convolutions").word == "not measured"
    measured[3] = row(measured[3].name, measurements={"tinycnn": [1.0], "PyTorch": [0.5]})
    lowest, mean = outcome_of(measured, "each convolution"), outcome_of(measured, "convolutions")
    assert (lowest.ratios, lowest.words) == ([0.5], measured[3].name)
    assert mean.ratios[0] == pytest.approx(math.exp((9 * math.log(2) + math.log(0.5)) / 10))


def test_targets_name_rows_that_are_measured():
    planned = [plan.name for plan in rows.PLANS]
    assert len(planned) == len(set(planned))
    engines = {name: [0.1] * 3 for name in contenders.ENGINES}
    every = {name: row(name, flops=1, sgemm=[1.0] * 3) for name in planned}
    for name in (rows.ONE, rows.THOUSAND):
        every[name].measurements |= engines
    every[rows.SCALING].measurements["sgemm"] = [1.0] * 3
    assert [t.name for t in targets.TARGETS if t.judge(every).word == "not measured"] == []
    assert {t.judge({}).word for t in targets.TARGETS} == {"not measured"}


def test_the_table_says_who_is_absent_and_why():
    absent = {"PyTorch": "not installed", "Keras": "No module named 'keras'"}
    measured = row(measurements={"tinycnn": [0.1], "NumPy": [0.3]}, absent=absent)
    outcomes = [target.judge({measured.name: measured}) for target in targets.TARGETS]
    for table in (report.plain, report.markdown):
        text = report.report(["a machine"], [measured], outcomes, None, table)
        assert "Keras absent: No module named 'keras'" in text
        assert "not measured" in text
    assert report.cells(measured)[2:7] == ["100", "absent", "absent", "300", ""]


def test_rivals_have_tables_of_their_own():
    measurements = {"tinycnn": [0.2], "PyTorch": [0.6], "ONNX Runtime": [0.3], "MNN": [0.4]}
    absent = {"OpenVINO": "not installed"}
    measured = [row(rows.ONE, measurements=measurements, absent=absent), row("another")]
    first, engines = report.tables(measured)
    assert [line[0] for line in first] == ["what", rows.ONE, "another"]
    (line,) = engines[1:]
    found = dict(zip(engines[0], line, strict=True))
    assert (found["ONNX Runtime"], found["OpenVINO"], found["ncnn"]) == ("300", "absent", "-")
    assert found["fastest of these / tinycnn"] == "1.50"


def test_records_are_in_the_report_if_given(tmp_path):
    file, table = tmp_path / "records.md", "| recipe | seeds |\n| --- | --- |\n| fast | 10 |\n"
    file.write_text(f"a machine\nTested on: mnist.\n\n{table}", encoding="utf-8")
    records = report.read_records(file)
    text = report.report(["a machine"], [row()], [], records, report.markdown)
    assert table in text
    assert "* Tested on: mnist." in text
    assert "fast    10" in report.report(["a machine"], [row()], [], records, report.plain)
    assert "Records" not in report.report(["a machine"], [row()], [], None, report.plain)
    for wrong in ("", "nothing", "| a | b |\n| --- | --- |\n", table + "| best |\n"):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match=r"records\.md must hold the table"):
            report.read_records(file)


def test_units_follow_our_median():
    assert report.scale(row(measurements={"tinycnn": [2e-4]})) == (1e6, "µs")
    assert report.scale(row(measurements={"tinycnn": [1.0]})) == (1.0, "s")
    assert report.scale(row(unit="MB")) == (1.0, "MB")
    assert report.cells(row())[:3] == [rows.STEP, "ms", "100 [100, 150]"]
    texts = {0.01234: "0.0123", 0.5: "0.500", 12.345: "12.3", 999.9: "1,000", 12345.6: "12,346"}
    assert {value: report.number(value) for value in texts} == texts


def test_markdown_has_as_many_cells_in_every_line():
    lines = report.markdown([["a", "b"], ["1|2", ""]]).splitlines()
    assert lines == ["| a | b |", "| --- | --- |", "| 1\\|2 |  |"]


def test_csv_can_be_read_back(tmp_path):
    measured = [row(), row("a, b", measurements={"tinycnn": [1.0]}, note='"quoted"\nnote')]
    outcomes = [target.judge({r.name: r for r in measured}) for target in targets.TARGETS]
    report.write_csv(tmp_path / "table.csv", measured, outcomes)
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {line["kind"] for line in lines} == {"row", "absent", "target"}
    ours = next(line for line in lines if line["contender"] == "tinycnn")
    assert (float(ours["median"]), float(ours["high_quartile"])) == (0.1, pytest.approx(0.15))
    assert next(line["note"] for line in lines if line["name"] == "a, b") == '"quoted"\nnote'
    assert sum(line["kind"] == "target" for line in lines) == len(targets.TARGETS)


def test_a_contender_that_disagrees_is_an_error():
    case = nets.Convolution("", 2, 5, 2, 3)
    rng = np.random.default_rng(0)
    shapes = (2, 5, 5, 2), (3, 3, 2, 3), (3,), (2, 3, 3, 3)
    right = plain_numpy.Pass(case, *(rng.normal(size=shape) for shape in shapes))
    validation.check_passes("row", right, {"same": {"": right}})
    for place, label in enumerate(("y", "dx", "dkernel", "dbias")):
        arrays = [array.copy() for array in right.results()]
        arrays[place][0] *= 1.001
        wrong = types.SimpleNamespace(results=lambda arrays=arrays: arrays)
        with pytest.raises(validation.Disagreement, match=rf"row, {label}: liar \(way\) differs"):
            validation.check_passes("row", right, {"liar": {"way": wrong}})
    with pytest.raises(validation.Disagreement):  # NaN is not near anything
        validation.check_predictions("row", np.ones(3), {"liar": {"": lambda: np.full(3, np.nan)}})


def small_net(maximum):
    pooling = "MaxPooling2D" if maximum else "AveragePooling2D"
    layers = (
        nets.convolution(2, 3, "relu" if maximum else "tanh", "same"),
        (pooling, {"pool_size": 2}),
        ("Dropout", {"rate": 0.5}),
        ("Flatten", {}),
        nets.dense(10, "softmax"),
    )
    return nets.Net(f"small, {pooling}", layers)


@pytest.mark.parametrize("maximum", [True, False])
def test_tinycnn_learns_as_plain_numpy_does(maximum):
    from benchmarks.contenders import ours

    net, rng = small_net(maximum), np.random.default_rng(0)
    shapes = (3, 3, 1, 2), (2,), (392, 10), (10,)
    start = [rng.normal(size=shape).astype(np.float32) / 4 for shape in shapes]
    data = Data("noise", rng.random((8, 28, 28, 1), np.float32), rng.integers(10, size=8))
    arguments = net, start, data.batches(4, 2), plain_numpy
    validation.check_training(*arguments, {"tinycnn": ours})

    class Lazy(plain_numpy.Trainer):
        def update(self):
            self.layers[0].params[0][...] *= 1.01

    lazy = types.SimpleNamespace(trainers=lambda net, data, batch: {"": Lazy(net, data, batch)})
    with pytest.raises(validation.Disagreement, match="change of weights"):
        validation.check_training(*arguments, {"Lazy": lazy})

    class Rounded(Lazy):  # is right, but for the first batch
        def __init__(self, net, data, batch):
            super().__init__(net, data, batch)
            self.kink = np.array_equal(data.x, arguments[2][0].x)

        def update(self):
            (super() if self.kink else super(Lazy, self)).update()

    rounded = types.SimpleNamespace(
        trainers=lambda net, data, batch: {"": Rounded(net, data, batch)}
    )
    validation.check_training(*arguments, {"Rounded": rounded})


@pytest.fixture
def only_numpy(monkeypatch):
    """Let the rivals be absent, whether or not they are installed, and tinycnn be a fake."""

    def load(name, threads):
        if name not in (contenders.OURS, "NumPy"):
            raise ImportError(f"No module named {name!r}")
        return plain_numpy

    monkeypatch.setattr(contenders, "load", load)
    monkeypatch.setattr(machine, "SIZES", (8, 16))


@pytest.fixture
def same_environment(monkeypatch):
    """Undo what the command sets for the libraries."""
    for name in machine.THREADS:
        monkeypatch.setenv(name, "1")


@pytest.mark.slow
@pytest.mark.usefixtures("only_numpy", "same_environment")
def test_the_command_prints_and_writes_what_it_measured(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    folder = tmp_path / "new" / "folder"
    command.main(["--quick", "--rows", "17→17", "--threads", "1", "--output", str(folder)])
    printed, progress = capsys.readouterr()
    assert "convolution 17→17 3×3, there and back" in printed
    assert "PyTorch absent: not installed (No module named 'PyTorch')" in printed
    assert "A QUICK TRY" in printed
    assert "1/1 convolution 17→17" in progress
    assert sorted(path.name for path in folder.iterdir()) == ["plot.png", "table.csv", "table.md"]
    assert (folder / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "| convolution 17→17" in (folder / "table.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("same_environment")
def test_what_was_measured_is_kept_when_a_later_row_fails(tmp_path, capsys, monkeypatch):
    def fails(setting, name):
        raise validation.Disagreement("somebody differs")

    good = rows.Plan("good", 1, lambda setting, name: [row(name)])
    monkeypatch.setattr(rows, "PLANS", (good, rows.Plan("bad", 1, fails)))
    monkeypatch.setattr(quiet, "complaints", list)
    with pytest.raises(validation.Disagreement):
        command.main(["--output", str(tmp_path)])
    assert "good" in capsys.readouterr().out
    assert (tmp_path / "table.csv").exists()


def test_rows_are_chosen_by_a_pattern(capsys):
    command.main(["--list", "--rows", "^prediction"])
    assert capsys.readouterr().out.splitlines() == [rows.THOUSAND, rows.ONE, rows.ONE_THREAD]
    for pattern in ("no such row", "("):
        with pytest.raises(ValueError, match=r"--(rows|list)"):
            command.main(["--rows", pattern])


def test_a_process_that_fails_says_why():
    assert processes.run(["-c", "print('talk'); print([1, 2])"], {}) == [1, 2]
    with pytest.raises(processes.Failed, match="No module named 'absent_framework'"):
        processes.import_seconds(["absent_framework"], {})
    assert processes.import_seconds(["json"], {}) > 0


def test_an_absent_peer_is_left_out_of_process_rows_but_we_must_be_there():
    from benchmarks import process_rows

    def measure(name):
        if name != "fine":
            raise processes.Failed("No module named 'torch'")
        return 1.0

    measured = Row("row")
    process_rows.take_turns(measured, ("fine", "PyTorch"), 2, measure)
    assert measured.measurements == {"fine": [1.0, 1.0]}
    assert measured.absent == {"PyTorch": "No module named 'torch'"}
    with pytest.raises(ValueError, match="row: No module"):
        process_rows.take_turns(Row("row"), ("tinycnn",), 1, measure)


def test_the_parts_whose_import_is_timed_are_there():
    from benchmarks import process_rows

    assert processes.import_seconds(process_rows.PARTS, {}) > 0


def test_the_machine_is_described():
    first, second = machine.describe(3)
    assert "3 threads for everybody" in first
    assert f"numpy {np.__version__}" in second
    assert set(machine.thread_environment(3).values()) == {"3"}
