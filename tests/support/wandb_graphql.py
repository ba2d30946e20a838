"""What W&B's service keeps and answers, as far as wandb-core 0.31 asks; no network in here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Variables = dict[str, Any]


@dataclass
class SeenRun:
    """What one run sent.

    Attributes:
        upserts: the variables of each `UpsertBucket`, in order; each sets only what it names.
        lines: the files of the stream, line number to line, for each file name.
        files: the files uploaded, by their name below `files/`.
        alerts: the variables of each alert.
        exit_code: None until the run says that it is complete.
        preempting: the run said that it is about to be preempted.
    """

    id: str
    project: str = ""
    upserts: list[Variables] = field(default_factory=list)
    lines: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    files: dict[str, bytes] = field(default_factory=dict)
    alerts: list[Variables] = field(default_factory=list)
    exit_code: int | None = None
    preempting: bool = False

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict a row, nested as W&B stores it; NaN and the infinities are floats."""
        return [json.loads(line) for line in self.text("wandb-history.jsonl")]

    @property
    def summary(self) -> dict[str, Any]:
        """The last summary sent."""
        summary: dict[str, Any] = json.loads(["{}", *self.text("wandb-summary.json")][-1])
        return summary

    @property
    def config(self) -> dict[str, Any]:
        """The last config sent, without W&B's own `_wandb`."""
        config = json.loads(self.last("config") or "{}")
        return {key: entry["value"] for key, entry in config.items() if key != "_wandb"}

    @property
    def console(self) -> list[str]:
        """The lines of the log tab, each with the time stamp that wandb puts before it."""
        return self.text("output.log")

    def text(self, name: str) -> list[str]:
        """Returns the lines of a file of the stream, in order."""
        return [line for _, line in sorted(self.lines[name].items())]

    def last(self, key: str) -> Any:
        """Returns the newest value of an upsert's variable, such as "displayName" or "tags"."""
        said = [upsert[key] for upsert in self.upserts if upsert.get(key) is not None]
        return said[-1] if said else None


class Backend:
    """Keeps runs and artifacts. Not thread-safe: its server calls it under a lock."""

    def __init__(self, url: str) -> None:
        self.runs: dict[str, SeenRun] = {}
        self.artifacts: dict[str, dict[str, Any]] = {}
        self._storage = f"{url}/storage"
        self._answers: dict[str, Callable[[Variables], Any]] = {
            "ArtifactByID": self._artifact_by_id,
            "ClientIDMapping": self._client_id,
            "CommitArtifact": self._commit_artifact,
            "CreateArtifact": self._create_artifact,
            "CreateArtifactFiles": self._create_artifact_files,
            "CreateArtifactManifest": lambda asked: self._manifest("createArtifactManifest", asked),
            "CreateRunFiles": self._create_run_files,
            "NotifyScriptableRunAlert": self._alert,
            "RunResumeStatus": self._resume_status,
            "RunStoppedStatus": lambda _: {"project": {"run": {"stopped": False}}},
            "ServerFeaturesQuery": lambda _: {"serverInfo": {"features": []}},
            "UpdateArtifactManifest": lambda asked: self._manifest("updateArtifactManifest", asked),
            "UpsertBucket": self._upsert,
            "Viewer": lambda _: {"viewer": {"id": "user", "entity": "tester", "flags": "{}"}},
        }

    def knows(self, operation: str) -> bool:
        """Tells whether `ask` has an answer other than an error."""
        return operation in self._answers

    def ask(self, operation: str, variables: Variables) -> bytes:
        """Answers one GraphQL operation with the body of a response."""
        if not self.knows(operation):
            return json.dumps({"errors": [{"message": f"No operation {operation!r}."}]}).encode()
        return json.dumps({"data": self._answers[operation](variables)}).encode()

    def stream(self, path: str, request: dict[str, Any]) -> bytes:
        """Takes one post to `/files/<entity>/<project>/<run>/file_stream`."""
        run = self._run(path.split("/")[-2])
        for name, part in (request.get("files") or {}).items():
            run.lines[name].update(enumerate(part["content"], start=part["offset"]))
        run.preempting |= bool(request.get("preempting"))
        if request.get("complete"):
            run.exit_code = request.get("exitcode")
        return b'{"stopped": false}'

    def store(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Takes a file at `/storage/<kind>/<owner>/<name>`; returns the HTTP status and body."""
        _, _, kind, owner, name = path.split("/", 4)
        if method != "PUT":
            return 404, b"{}"
        if kind == "run":
            self._run(owner).files[name] = body
        else:
            self.artifacts[owner]["files"][name] = body
        return 200, b"{}"

    def _run(self, run_id: str) -> SeenRun:
        return self.runs.setdefault(run_id, SeenRun(run_id))

    def _bucket(self, run: SeenRun) -> dict[str, Any]:
        return {
            "id": run.id,
            "name": run.id,
            "displayName": run.last("displayName") or run.id,
            "config": "{}",
            "historyLineCount": len(run.lines["wandb-history.jsonl"]),
            "project": {"id": "project", "name": run.project, "entity": {"name": "tester"}},
        }

    def _upsert(self, asked: Variables) -> Any:
        name = asked.get("name") or asked["id"]  # later upserts give the id that `_bucket` gave
        inserted = name not in self.runs
        run = self._run(name)
        run.project = asked.get("project") or run.project
        run.upserts.append(asked)
        return {"upsertBucket": {"bucket": self._bucket(run), "inserted": inserted}}

    def _resume_status(self, asked: Variables) -> Any:
        run = self.runs.get(asked["name"])
        return {"model": {"id": "project", "name": "", "bucket": run and self._resumed(run)}}

    def _resumed(self, run: SeenRun) -> dict[str, Any]:
        history, events = run.text("wandb-history.jsonl"), run.text("wandb-events.jsonl")
        return self._bucket(run) | {
            "config": run.last("config") or "{}",
            "eventsLineCount": len(events),
            "eventsTail": json.dumps(events[-1:]),
            "historyTail": json.dumps(history[-1:]),
            "logLineCount": len(run.console),
            "summaryMetrics": json.dumps(run.summary),
            "tags": run.last("tags") or [],
            "wandbConfig": json.dumps({"t": {}}),
        }

    def _alert(self, asked: Variables) -> Any:
        self._run(asked["runName"]).alerts.append(asked)
        return {"notifyScriptableRunAlert": {"success": True}}

    def _create_run_files(self, asked: Variables) -> Any:
        run, names = asked["run"], asked["files"]
        files = [{"name": n, "uploadUrl": f"{self._storage}/run/{run}/{n}"} for n in names]
        return {"createRunFiles": {"runID": run, "uploadHeaders": [], "files": files}}

    def _create_artifact(self, asked: Variables) -> Any:
        key = f"artifact-{len(self.artifacts)}"
        self.artifacts[key] = {"input": asked["input"], "files": {}, "committed": False}
        made = {"id": key, "state": "PENDING", "artifactSequence": {"latestArtifact": None}}
        return {"createArtifact": {"artifact": made}}

    def _manifest(self, field_name: str, asked: Variables) -> Any:
        key = asked.get("artifactID") or asked["artifactManifestID"]
        upload = {"uploadUrl": f"{self._storage}/manifest/{key}/manifest", "uploadHeaders": []}
        return {field_name: {"artifactManifest": {"id": key, "file": {"id": "file"} | upload}}}

    def _create_artifact_files(self, asked: Variables) -> Any:
        nodes = [
            {
                "storagePath": spec["name"],
                "uploadUrl": f"{self._storage}/artifact/{spec['artifactID']}/{spec['name']}",
                "uploadHeaders": [],
                "artifact": {"id": spec["artifactID"]},
            }
            for spec in asked["input"]["artifactFiles"]
        ]
        return {"createArtifactFiles": {"files": {"edges": [{"node": node} for node in nodes]}}}

    def _commit_artifact(self, asked: Variables) -> Any:
        artifact = self.artifacts[asked["artifactID"]]
        artifact["committed"] = True
        digest = artifact["input"].get("digest", "")
        return {"commitArtifact": {"artifact": {"id": asked["artifactID"], "digest": digest}}}

    def _artifact_by_id(self, asked: Variables) -> Any:
        given = self.artifacts[asked["id"]]["input"]
        nothing = ("description", "historyStep", "commitHash", "updatedAt")
        return {
            "artifact": {
                "__typename": "Artifact",
                "id": asked["id"],
                "artifactSequence": {
                    "__typename": "ArtifactSequence",
                    "name": given["artifactCollectionName"],
                    "project": None,
                },
                "versionIndex": 0,
                "artifactType": {"name": given["artifactTypeName"]},
                "metadata": given.get("metadata"),
                "ttlDurationSeconds": -1,
                "ttlIsInherited": False,
                "tags": [],
                "state": "COMMITTED",
                "size": 0,
                "digest": given["digest"],
                "fileCount": 1,
                "createdAt": "2026-11-24T00:00:00",
                "aliases": [],
            }
            | dict.fromkeys(nothing)
        }

    def _client_id(self, asked: Variables) -> Any:
        for key, artifact in self.artifacts.items():
            if artifact["input"].get("clientID") == asked["clientID"]:
                return {"clientIDMapping": {"serverID": key}}
        return {"clientIDMapping": None}
