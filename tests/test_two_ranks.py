"""Two processes of one training: the first writes, the second runs the same code and is silent."""

from __future__ import annotations

from pathlib import Path

from tests.support import environment, rrd, run_folder

PROGRAM = """
    import logging
    import triptych
    from tests.support.pictures import RGB

    built = []

    def picture():
        built.append(1)
        return triptych.Image(RGB)

    with triptych.run("ranks", root="runs", wandb="offline") as run:
        for epoch in run.epochs(2):
            for _ in run.steps(range(4), accumulate=2):
                run.log({"train/loss": 1 / run.step, "train/batch": picture})
            with run.phase("val"):
                run.event("validated")
        logging.getLogger("model").warning("done")
        arrived = run.flush()
        print(run.step, len(built), arrived, run.close(), run.status, sorted(run.totals.sinks))
"""

PARENT = """
    import multiprocessing
    import triptych

    def work(run):
        run.log({"from/child": 1.0})
        print("child", run.status, flush=True)

    with triptych.run("fork", root="runs", wandb=False, console=False) as run:
        run.log({"loss": 1.0})
        child = multiprocessing.get_context("fork").Process(target=work, args=(run,))
        child.start()
        child.join()
        run.log({"loss": 2.0})
        print("parent", child.exitcode, run.close())
"""

TORCHRUN = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}


def test_only_the_first_of_two_ranks_writes(tmp_path: Path) -> None:
    """Both count the same steps; the second builds no picture, has no sink, leaves no file."""
    env = environment.isolated(tmp_path) | TORCHRUN
    ranks = [
        environment.start(PROGRAM, env | {"RANK": rank, "LOCAL_RANK": rank}, cwd=tmp_path)
        for rank in ("0", "1")
    ]
    with ranks[0], ranks[1]:
        (first, told), (second, silence) = (child.communicate(timeout=60) for child in ranks)

    assert [child.returncode for child in ranks] == [0, 0]
    assert first == "4 8 True True finished ['rerun', 'text', 'wandb']\n"
    assert second == "4 0 True True finished []\n"
    panels = run_folder.find(tmp_path / "runs")
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert "model: done" in told
    assert "model: done" not in silence


def test_the_second_rank_alone_leaves_nothing(tmp_path: Path) -> None:
    """Not even the folder of the runs."""
    env = environment.isolated(tmp_path) | TORCHRUN | {"RANK": "1", "LOCAL_RANK": "1"}
    before = set(tmp_path.rglob("*"))

    said = environment.run(PROGRAM, env, cwd=tmp_path)

    assert said == "4 0 True True finished []\n"
    assert set(tmp_path.rglob("*")) == before


def test_a_forked_child_writes_nothing_to_its_parents_run(tmp_path: Path) -> None:
    """As a worker of a DataLoader is: it goes on in silence, and so does the parent's run."""
    said = environment.run(PARENT, environment.isolated(tmp_path), cwd=tmp_path)

    panels = run_folder.find(tmp_path / "runs")
    assert said == "child running\nparent 0 True\n"
    assert rrd.scalar_paths(panels.recording) == {"/loss"}
    assert rrd.scalars(panels.recording, "/loss")[1].tolist() == [1.0, 2.0]
    assert rrd.verify(panels.recording) == 0
