"""Forked and spawned children of a training process: they neither write nor hang."""

from __future__ import annotations

from pathlib import Path

from tests.support.endings import run
from tests.support.faults import Fault


def test_forked_child_neither_writes_nor_hangs(tmp_path: Path, fault: Fault) -> None:
    """Whatever it does with the run, and however it leaves it; the parent goes on."""
    ended = run(
        tmp_path,
        """
began = time.monotonic()
with run:
    if os.fork() == 0:
        run.log({"a": 1, "picture": lambda: 1 / 0})
        run.event("from the child")
        run.flush()
        for _ in run.steps([1]):
            logging.getLogger("child").warning("on standard error")
        sys.exit(7)
    _, status = os.wait()
    run.event("from the parent")
print(os.waitstatus_to_exitcode(status), time.monotonic() - began < 10)
""",
    )
    assert (ended.out, ended.status) == ("7 True\n", ("finished", 0, 0))
    assert "from the parent" in ended.log
    assert "child" not in ended.log
    assert ended.runs[0]["step"] == 1
    assert ended.err.count("step 2 train | child: on standard error") == 1
    fault("fork", kept="what the parent logs", shed="what the child logs, in silence")


def test_fork_while_other_threads_log_does_not_hang_the_child(tmp_path: Path, fault: Fault) -> None:
    """They hold locks that nobody in the child will ever give back."""
    ended = run(
        tmp_path,
        """
over = threading.Event()
def log():
    while not over.is_set():
        run.event("thread")
        logging.getLogger("thread").info("hello")
threads = [threading.Thread(target=log) for _ in range(4)]
for thread in threads:
    thread.start()
codes = set()
for number in range(30):
    child = os.fork()
    if child == 0:
        run.event("child")
        logging.getLogger("child").info("hello")
        run.close()
        os._exit(7)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for thread in threads:
    thread.join()
print(codes)
""",
    )
    assert (ended.out, ended.status) == ("{7}\n", ("finished", 0, 0))
    assert "child" not in ended.log
    fault("fork", case="30 while threads hold locks", kept="all of the parent; each child ends")


def test_workers_of_a_data_loader_write_nothing(tmp_path: Path, fault: Fault) -> None:
    """Though they run the code of the user's data set, which logs: that goes to the terminal."""
    ended = run(
        tmp_path,
        """
import torch.utils.data

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        run.log({"child": index})
        logging.getLogger("child").info("loading")
        return index

sink = MemorySink()
with open_run(sink, name="loaded") as loaded:
    loader = torch.utils.data.DataLoader(Numbers(), num_workers=2, multiprocessing_context="fork")
    for batch in loaded.steps(loader):
        loaded.log({"batch": batch})
print(sink.numbers, sink.records)
""",
    )
    assert ended.out == "{'batch': [(1, 0.0), (2, 1.0), (3, 2.0), (4, 3.0)]} []\n"
    assert ended.err.count("child: loading") == 4
    assert "child" not in ended.log
    assert [one["status"] for one in ended.runs] == ["finished", "finished"]
    fault("fork", case="DataLoader workers", kept="batches; their lines go to the terminal")


def test_a_run_that_is_copied_is_itself_and_in_a_spawned_process_silent(
    tmp_path: Path, fault: Fault
) -> None:
    """As part of a data set that spawned workers get, or of a model of which an average is kept."""
    ended = run(
        tmp_path,
        """
import copy, multiprocessing, operator, pickle

print(copy.deepcopy({"run": run})["run"] is run, pickle.loads(pickle.dumps(run)) is run)
spawn = multiprocessing.get_context("spawn")
for call in (("log", {"child": 1}), ("event", "child"), ("flush",), ("close",)):
    child = spawn.Process(target=operator.methodcaller(*call), args=(run,))
    child.start()
    child.join()
    print(child.exitcode)
run.event("from the parent")
""",
    )
    assert (ended.out, ended.status) == ("True True\n0\n0\n0\n0\n", ("finished", 0, 0))
    assert "from the parent" in ended.log
    assert "child" not in ended.log
    fault("pickled", case="a run", kept="what the parent logs", shed="what the child logs")
