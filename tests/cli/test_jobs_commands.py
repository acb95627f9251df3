"""tunesmith jobs: create, list, show, follow, events, checkpoints, and steering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tunesmith.cli import following

JOBS = "/v1/fine_tuning/jobs"


@pytest.fixture(autouse=True)
def _poll_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_S", 0.0)


def test_create_with_paths_uploads_them_first(cli: Any, service: Any) -> None:
    Path("train.jsonl").write_text("{}\n")
    Path("valid.jsonl").write_text("{}\n")
    service.on("POST /v1/files", lambda request, body: service.file(f"file-{body['filename'][:5]}"))
    service.on(f"POST {JOBS}", lambda request, body: service.job(status="validating_files"))
    result = cli(
        *("jobs", "create", "train.jsonl", "--validation-file", "valid.jsonl", "--model", "gpt-4o-mini"),
        *("--suffix", "shop", "--n-epochs", "4", "--learning-rate-multiplier", "0.5", "--seed", "3"),
        *("--lora-rank", "8", "--metadata", "team=a=b"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == "ftjob-1  validating_files\n"
    assert service.sent(f"POST {JOBS}") == [
        {
            "model": "gpt-4o-mini",
            "suffix": "shop",
            "seed": 3,
            "metadata": {"team": "a=b"},
            "training_file": "file-train",
            "validation_file": "file-valid",
            "method": {
                "type": "supervised",
                "supervised": {
                    "hyperparameters": {
                        "n_epochs": 4,
                        "batch_size": "auto",
                        "learning_rate_multiplier": 0.5,
                        "lora_rank": 8,
                    }
                },
            },
        }
    ]


def test_create_with_an_id_uploads_nothing(cli: Any, service: Any) -> None:
    service.on(f"POST {JOBS}", service.job())
    assert cli.json("jobs", "create", "file-abc", "--json")["id"] == "ftjob-1"
    assert service.sent("POST /v1/files") == []


def test_a_refused_job_leaves_no_upload_behind(cli: Any, service: Any) -> None:
    Path("train.jsonl").write_text("{}\n")
    service.on("POST /v1/files", service.file("file-1"))
    service.on("DELETE /v1/files/file-1", {"id": "file-1", "deleted": True})
    service.on(f"POST {JOBS}", lambda request, body: service.error(400, "Too many epochs."))
    result = cli("jobs", "create", "train.jsonl", "--n-epochs", "99")
    assert result.exit_code == 1
    assert "Too many epochs." in result.stderr
    assert len(service.sent("DELETE /v1/files/file-1")) == 1


def test_pausing_a_running_job_says_when_it_pauses(cli: Any, service: Any) -> None:
    service.on(f"POST {JOBS}/ftjob-1/pause", service.job(status="running"))
    assert "pauses after the present step" in cli("jobs", "pause", "ftjob-1").stderr


def test_create_with_neither_a_file_nor_an_id_says_so_and_sends_nothing(cli: Any, service: Any) -> None:
    result = cli("jobs", "create", "trian.jsonl")
    assert result.exit_code == 1
    assert "trian.jsonl is neither a file here nor the id of an uploaded one" in result.stderr
    assert service.requests == []


@pytest.mark.parametrize("option", ["--n-epochs=many", "--learning-rate-multiplier=fast", "--metadata=team"])
def test_an_option_that_makes_no_sense_is_refused_before_anything_is_sent(cli: Any, service: Any, option: str) -> None:
    result = cli("jobs", "create", "file-abc", option)
    assert result.exit_code == 2
    assert service.requests == []


def test_list_shows_status_and_result(cli: Any, service: Any) -> None:
    jobs = [service.job("ftjob-2", status="succeeded", fine_tuned_model="ft:a:b::c"), service.job("ftjob-1")]
    service.on(f"GET {JOBS}", service.paged(jobs))
    result = cli("jobs", "list")
    assert "ftjob-2" in result.stdout
    assert "ft:a:b::c" in result.stdout
    assert [job["id"] for job in cli.json("jobs", "list", "--json")] == ["ftjob-2", "ftjob-1"]


def test_show_tells_why_a_job_failed(cli: Any, service: Any) -> None:
    error = {"code": "invalid_n_examples", "message": "Training file has 5 example(s)", "param": "training_file"}
    service.on(f"GET {JOBS}/ftjob-1", service.job(status="failed", error=error))
    assert "Training file has 5 example(s)" in cli("jobs", "show", "ftjob-1").stdout


def test_a_paused_job_is_shown_as_paused_whatever_its_wire_status(cli: Any, service: Any) -> None:
    service.on(f"GET {JOBS}/ftjob-1", service.job(status="queued", paused=True))
    assert "paused" in cli("jobs", "show", "ftjob-1").stdout


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
def test_steering_posts_the_verb_without_a_body(cli: Any, service: Any, verb: str) -> None:
    service.on(f"POST {JOBS}/ftjob-1/{verb}", service.job(status="cancelled"))
    assert cli("jobs", verb, "ftjob-1").stdout == "ftjob-1  cancelled\n"
    assert service.sent(f"POST {JOBS}/ftjob-1/{verb}") == [None]


def test_events_are_printed_oldest_first(cli: Any, service: Any) -> None:
    service.on(f"GET {JOBS}/ftjob-1/events", service.paged([service.event(2, "second"), service.event(1, "first")]))
    lines = cli("jobs", "events", "ftjob-1").stdout.splitlines()
    assert lines[0].endswith("first")
    assert lines[1].endswith("second")


def test_diagnose_says_what_to_do_next_in_both_languages(cli: Any, service: Any) -> None:
    finding = {
        "code": "over_fitting",
        "severity": "warning",
        "message": "Over-fitting. Next: n_epochs 3 -> 2.",
        "message_zh": "过拟合。建议：n_epochs 3 -> 2。",
        "facts": {},
    }
    found = {"is_final": True, "step": 9, "verdict": "over_fitting", "findings": [finding]}
    service.on(f"GET /tunesmith{JOBS}/ftjob-1/diagnosis", found)
    assert cli("jobs", "diagnose", "ftjob-1", "--lang", "en").stdout == (
        "warning  over_fitting\n  Over-fitting. Next: n_epochs 3 -> 2.\n"
    )
    assert cli("jobs", "diagnose", "ftjob-1", "--lang", "zh").stdout == (
        "警告  over_fitting\n  过拟合。建议：n_epochs 3 -> 2。\n"
    )
    assert cli.json("jobs", "diagnose", "ftjob-1", "--json") == found
    service.on(f"GET /tunesmith{JOBS}/ftjob-1/diagnosis", {**found, "verdict": "healthy", "findings": []})
    assert cli("jobs", "diagnose", "ftjob-1", "--lang", "en").stdout == "The curves look healthy.\n"


def test_checkpoints_show_their_losses_and_names(cli: Any, service: Any) -> None:
    checkpoint = {
        "id": "ftckpt_1",
        "created_at": 1,
        "step_number": 40,
        "fine_tuned_model_checkpoint": "ft:m:p::x:ckpt-step-40",
        "metrics": {"step": 40, "train_loss": 0.51234, "full_valid_loss": 0.7},
    }
    service.on(f"GET {JOBS}/ftjob-1/checkpoints", service.paged([checkpoint]))
    out = cli("jobs", "checkpoints", "ftjob-1").stdout
    assert "loss 0.512  full valid 0.700" in out
    assert "ft:m:p::x:ckpt-step-40" in out


class Story:
    """A job whose events appear a few at a time; `then` is how it ends."""

    def __init__(self, service: Any, n_steps: int, **then: Any) -> None:
        self.service, self.then = service, then
        told = [service.event(0, "Created fine-tuning job: ftjob-1")]
        told += [service.metrics(step, step, n_steps, 5.0 / step) for step in range(1, n_steps + 1)]
        self.events, self.shown, self.asked = told, 0, 0
        service.on(f"GET {JOBS}/ftjob-1", self.job)
        service.on(f"GET {JOBS}/ftjob-1/events", self.page)

    def job(self, request: Any, body: Any) -> Any:
        self.asked += 1
        self.shown = min(len(self.events), self.shown + 130)
        return self.service.job(**(self.then if self.shown == len(self.events) else {}))

    def page(self, request: Any, body: Any) -> Any:
        return self.service.paged(self.events[: self.shown][::-1])(request, body)


def test_follow_shows_every_event_once_and_ends_with_the_models_name(cli: Any, service: Any) -> None:
    Story(service, 400, status="succeeded", fine_tuned_model="ft:m:p::x")
    result = cli("jobs", "follow", "ftjob-1")
    assert result.exit_code == 0
    assert result.stdout == "ft:m:p::x\n"
    assert result.stderr.count("Created fine-tuning job: ftjob-1") == 1
    assert result.stderr.count("Step 400/400") == 1


def test_follow_as_json_prints_each_event_once_in_order_and_then_the_job(cli: Any, service: Any) -> None:
    story = Story(service, 400, status="succeeded", fine_tuned_model="ft:m:p::x")
    result = cli("jobs", "follow", "ftjob-1", "--json")
    lines = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines[:-1]] == [event["id"] for event in story.events]
    assert lines[-1]["fine_tuned_model"] == "ft:m:p::x"


def test_following_a_job_that_fails_exits_with_1_and_its_reason(cli: Any, service: Any) -> None:
    Story(service, 3, status="failed", error={"code": "x", "message": "the disk is full", "param": None})
    result = cli("jobs", "follow", "ftjob-1")
    assert result.exit_code == 1
    assert "Error: ftjob-1 failed: the disk is full" in result.stderr


def test_following_a_job_that_is_paused_says_how_to_resume(cli: Any, service: Any) -> None:
    Story(service, 3, status="queued", paused=True)
    result = cli("jobs", "follow", "ftjob-1")
    assert result.exit_code == 1
    assert "tunesmith jobs resume ftjob-1" in result.stderr


def test_leaving_with_ctrl_c_says_that_the_job_goes_on(cli: Any, service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "watch", interrupted)
    result = cli("jobs", "follow", "ftjob-1")
    assert result.exit_code == 130
    assert "The job goes on" in result.stderr


def test_create_and_follow_is_one_command(cli: Any, service: Any) -> None:
    service.on(f"POST {JOBS}", service.job(status="validating_files"))
    Story(service, 5, status="succeeded", fine_tuned_model="ft:m:p::x")
    assert cli("jobs", "create", "file-1", "--follow").stdout == "ft:m:p::x\n"
