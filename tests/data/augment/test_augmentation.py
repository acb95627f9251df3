"""Rows from a model: marked, never twice, never from or into validation, and the same after any interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fake_endpoint import Reply, serving

from tunesmith.data.augment.augmentation import FIRST_LOOK, Augmentation, Correction
from tunesmith.data.augment.chat_endpoint import ChatEndpoint, RetryPolicy
from tunesmith.data.augment.plan import AugmentPlan
from tunesmith.data.augment.progress import Progress
from tunesmith.data.augment.recipe import RecipeName
from tunesmith.data.augment.sampler import Answer, ChatMessage, EndpointFailed, PromptRefused
from tunesmith.data.origin import is_augmented
from tunesmith.data.reading import read_examples
from tunesmith.errors import Conflict, InvalidFile, InvalidRequest, NotFound

TOPICS = ["parcels", "refunds", "invoices", "passwords", "couriers", "vouchers", "returns", "sizes"]
SEEDS = [(f"Where do I find {topic} in the shop?", f"Open the menu and choose {topic}.") for topic in TOPICS]

WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jetty", "knoll", "lunar"]


def pairs(number: int, n: int = 5) -> list[dict[str, str]]:
    """Rows that no other request gives, and that are not alike."""
    made = []
    for place in range(n):
        a, b, c = (WORDS[(number * n + place) // 12**power % 12] for power in range(3))
        made.append({"question": f"Could {a} staff {b} my {c} order?", "answer": f"Yes: {c}, then {b}, then {a}."})
    return made


class FromList:
    """A sampler that answers request after request from a function of its number, here and now."""

    model = "fake"

    def __init__(self, answer: Callable[[int, str], str | Exception]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.prompts: list[str] = []

    def sample(self, messages: Sequence[ChatMessage], *, give_up: threading.Event) -> Answer:
        text = "\n".join(message["content"] for message in messages)
        with self._lock:
            number = len(self.prompts)
            self.prompts.append(text)
        answer = self._answer(number, text)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)


def fresh(number: int, prompt: str) -> str:
    return json.dumps(pairs(number))


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    path = tmp_path / "seeds.jsonl"
    path.write_text("".join(chat(*pair) + "\n" for pair in SEEDS))
    return path


@pytest.fixture
def plan(tmp_path: Path, seeds: Path) -> AugmentPlan:
    return AugmentPlan(recipe="like_seeds", seeds=seeds, out=tmp_path / "made.jsonl")


def chat(question: str, answer: str, **more: Any) -> str:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages, **more})


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def made(plan: AugmentPlan, sampler: FromList, n_rows: int = 20, **options: Any) -> Progress:
    with Augmentation(plan) as augmentation:
        return augmentation.run(sampler, n_rows=n_rows, concurrency=1, **options)


def test_rows_are_made_marked_and_trainable(plan: AugmentPlan) -> None:
    progress = made(plan, FromList(fresh), n_rows=7)
    assert (progress.status, progress.n_kept, progress.n_asked) == ("done", 10, 10)
    written = rows(plan.out)
    assert len(written) == 7
    assert all(is_augmented(row) for row in written)
    assert written[0]["metadata"] == {
        "origin": "augmented",
        "recipe": "like_seeds",
        "model": "fake",
        "row_id": "r0-0",
        "source": "seeds.jsonl",
    }
    file = read_examples(plan.out, name="made.jsonl")
    assert (len(file.examples), file.findings) == (7, [])


def test_the_rows_are_in_the_format_of_the_seeds(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("".join(json.dumps({"instruction": q, "input": "", "output": a}) + "\n" for q, a in SEEDS))
    plan = AugmentPlan(recipe="like_seeds", seeds=seeds, out=tmp_path / "made.jsonl")
    made(plan, FromList(fresh), n_rows=5)
    assert {"instruction", "output"} <= rows(plan.out)[0].keys()
    assert len(read_examples(plan.out, name="made.jsonl").examples) == 5


def test_duplicates_and_rubbish_are_counted_with_their_reasons(plan: AugmentPlan) -> None:
    answers = [
        json.dumps(pairs(0)),
        json.dumps(pairs(0)),
        "I would rather not.",
        json.dumps([{"question": q, "answer": a} for q, a in SEEDS[:2]] + pairs(1)[:1]),
        json.dumps(
            [
                {"question": "Could amber staff birch my {{order}}?", "answer": "Yes."},
                {"question": "How are you?", "answer": "I'm sorry, but I cannot help with that."},
                {"question": "订单在哪里可以找到呢？", "answer": "请打开菜单。"},
                {"question": "Where is my box of tea?", "answer": "in the shop, " * 12},
                {"question": "", "answer": "Yes."},
            ]
        ),
        json.dumps(
            [
                {"question": "What now?", "answer": "What now?"},
                {"question": "No?", "answer": "Yes."},
                {"question": "Where do I find it?", "answer": "word and words " * 400},
                *pairs(5)[:2],
            ]
        ),
    ]
    progress = made(plan, FromList(lambda number, _: answers[number] if number < 6 else fresh(number, _)), n_rows=13)
    assert progress.refused == {
        "duplicate": 7,
        "unreadable": 7,
        "faulty_text": 1,
        "refusal": 1,
        "other_language": 1,
        "repeats_itself": 1,
        "empty": 1,
        "echo": 1,
        "too_short": 1,
        "too_long": 1,
    }
    assert progress.n_asked == progress.n_kept + sum(progress.refused.values())
    assert progress.summary().startswith("kept 13 of 35: 7 duplicates, 7 not parseable, ")
    assert progress.summary("zh").startswith("共请求 35 条，保留 13 条：7 条重复，7 条无法解析，")


def test_a_row_that_nearly_repeats_another_is_refused_but_not_one_with_other_numbers(plan: AugmentPlan) -> None:
    question = "Please tell me how long it takes until the parcel with my order of {} cups arrives at my house"
    batch = [
        {"question": question.format(3), "answer": "Two days."},
        {"question": question.format(3) + "?", "answer": "It takes two days."},
        {"question": question.format(40), "answer": "Nine days."},
    ]
    progress = made(plan, FromList(lambda number, _: json.dumps(batch) if number == 0 else fresh(number, _)), n_rows=2)
    assert progress.refused["near_duplicate"] == 1
    assert progress.n_kept == 2


def test_paraphrases_keep_the_answer_and_the_numbers(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text(chat("How do I send back 2 shirts within 14 days?", "Use the label.") + "\n")
    plan = AugmentPlan(recipe="paraphrase", seeds=seeds, out=tmp_path / "made.jsonl")
    answer = json.dumps(
        ["I have 14 days: what must I do to return 2 shirts?", "How can I return 3 shirts in 14 days?", "Returning?"]
    )
    progress = made(plan, FromList(lambda number, _: answer))
    assert [row["messages"] for row in rows(plan.out)] == [
        [
            {"role": "user", "content": "I have 14 days: what must I do to return 2 shirts?"},
            {"role": "assistant", "content": "Use the label."},
        ]
    ]
    assert rows(plan.out)[0]["metadata"]["seed_line"] == 1
    assert progress.refused["facts_changed"] == 2 * 3
    assert (progress.status, progress.n_requests) == ("exhausted", 3)


def test_varied_answers_keep_the_question_and_add_no_number(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text(chat("How long?", "It takes 3 days to reach you.") + "\n")
    plan = AugmentPlan(recipe="vary_answer", seeds=seeds, out=tmp_path / "made.jsonl")
    answer = json.dumps(
        ["You will have it after 3 days.", "It takes 4 days.", "Some days.", "It takes 3 days to reach you."]
    )
    progress = made(plan, FromList(lambda number, _: answer))
    assert [row["messages"][-1]["content"] for row in rows(plan.out)] == ["You will have it after 3 days."]
    assert progress.refused["facts_changed"] == 2 * 3
    assert progress.refused["duplicate"] == 2 * 3 - 1


def test_rows_from_a_document_must_be_found_in_it(tmp_path: Path) -> None:
    document = tmp_path / "manual.md"
    document.write_text(
        "# Kettle\n\nThe kettle boils 2 litres of water within 4 minutes and then switches itself off.\n"
    )
    plan = AugmentPlan(
        recipe="from_document", document=document, out=tmp_path / "made.jsonl", system="You sell kettles."
    )
    answer = json.dumps(
        [
            {"question": "How fast is the kettle?", "answer": "It boils 2 litres within 4 minutes."},
            {"question": "How much does the kettle hold?", "answer": "It holds 9 litres of water."},
            {"question": "Who made the kettle?", "answer": "Unknown manufacturer overseas presumably."},
        ]
    )
    sampler = FromList(lambda number, _: answer)
    progress = made(plan, sampler)
    row = rows(plan.out)[0]
    assert [message["content"] for message in row["messages"]] == [
        "You sell kettles.",
        "How fast is the kettle?",
        "It boils 2 litres within 4 minutes.",
    ]
    assert row["metadata"]["source"] == "manual.md"
    assert row["metadata"]["seed_line"] == 3
    assert progress.refused["not_in_document"] == 2 * 3
    assert "Heading: Kettle" in sampler.prompts[0]


def test_a_chinese_file_is_asked_about_in_chinese(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text(chat("怎么退货？", "七天内可以退货。") + "\n", encoding="utf-8")
    plan = AugmentPlan(recipe="like_seeds", seeds=seeds, out=tmp_path / "made.jsonl", instructions="语气亲切")
    answer = json.dumps([{"question": "多久可以收到货？", "answer": "一般三天左右。"}], ensure_ascii=False)
    sampler = FromList(lambda number, _: answer)
    made(plan, sampler, n_rows=1)
    assert "你帮助扩充训练数据" in sampler.prompts[0]
    assert "用户的要求: 语气亲切" in sampler.prompts[0]
    assert rows(plan.out)[0]["messages"][0]["content"] == "多久可以收到货？"


def test_a_correction_removes_the_row_and_is_shown_to_the_model(plan: AugmentPlan) -> None:
    sampler = FromList(fresh)
    with Augmentation(plan) as augmentation:
        augmentation.run(sampler, n_rows=5, concurrency=1)
        bad = augmentation.rows[1]
        augmentation.correct([Correction(bad.id, "we have no such staff")])
        assert [row.id for row in augmentation.rows] == ["r0-0", "r0-2", "r0-3", "r0-4"]
        progress = augmentation.run(sampler, n_rows=8, concurrency=1)
    assert "because: we have no such staff" in sampler.prompts[1]
    assert "we have no such staff" not in sampler.prompts[0]
    assert bad.question in sampler.prompts[1]
    assert (progress.n_kept, progress.n_removed) == (9, 1)
    assert len(rows(plan.out)) == 8
    assert bad.question not in plan.out.read_text()
    with pytest.raises(NotFound, match="r0-1"), Augmentation(plan) as augmentation:
        augmentation.correct([Correction("r0-1", "again")])


def test_the_first_look_is_at_twenty_rows(plan: AugmentPlan) -> None:
    with Augmentation(plan) as augmentation:
        augmentation.run(FromList(fresh))
        assert len(augmentation.rows) == FIRST_LOOK == 20


def test_the_validation_file_is_no_seed_and_its_rows_are_not_made(
    plan: AugmentPlan, seeds: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "valid.jsonl"
    copied.write_bytes(seeds.read_bytes())
    with pytest.raises(InvalidRequest, match="is the validation file"):
        Augmentation(AugmentPlan(recipe="like_seeds", seeds=seeds, validation=copied, out=plan.out))
    first = pairs(0)[0]
    copied.write_text(chat(first["question"], "anything at all") + "\n")
    guarded = AugmentPlan(recipe="like_seeds", seeds=seeds, validation=copied, out=plan.out)
    progress = made(guarded, FromList(fresh), n_rows=5)
    assert progress.refused["in_validation"] == 1
    assert first["question"] not in plan.out.read_text()


def test_rows_with_errors_are_mended_first(plan: AugmentPlan, seeds: Path) -> None:
    seeds.write_text(seeds.read_text() + '{"messages": [{"role": "user", "content": "alone"}]}\n')
    with pytest.raises(InvalidFile, match=r"seeds\.jsonl has bad rows, the first: line 9"):
        Augmentation(plan)


def test_made_rows_are_no_seeds(seeds: Path, tmp_path: Path) -> None:
    mark = {"origin": "augmented"}
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(seeds.read_text() + chat("Is this real?", "No.", metadata=mark) + "\n")
    sampler = FromList(fresh)
    made(AugmentPlan(recipe="paraphrase", seeds=mixed, out=tmp_path / "a.jsonl"), sampler)
    assert not any("Is this real?" in prompt for prompt in sampler.prompts)
    only = tmp_path / "only.jsonl"
    only.write_text(chat("Is this real?", "No.", metadata=mark) + "\n")
    with pytest.raises(InvalidFile, match="1 were made by a model"):
        Augmentation(AugmentPlan(recipe="paraphrase", seeds=only, out=tmp_path / "b.jsonl"))


@pytest.mark.parametrize("recipe", ["paraphrase", "vary_answer", "like_seeds"])
def test_rows_made_from_seeds_with_tools_have_those_tools(recipe: RecipeName, tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object"}}}
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("".join(chat(*pair, tools=[tool]) + "\n" for pair in SEEDS))
    plan = AugmentPlan(recipe=recipe, seeds=seeds, out=tmp_path / "out.jsonl")
    texts = {"like_seeds": fresh}.get(recipe, lambda number, _: json.dumps([p["answer"] for p in pairs(number)]))
    made(plan, FromList(texts), n_rows=5)
    assert [row["tools"] for row in rows(plan.out)] == [[tool]] * 5


def test_the_output_is_never_an_input(seeds: Path) -> None:
    with pytest.raises(InvalidRequest, match="out is the same file as seeds"):
        Augmentation(AugmentPlan(recipe="like_seeds", seeds=seeds, out=seeds))


def test_a_failing_endpoint_loses_nothing(plan: AugmentPlan) -> None:
    failing = FromList(lambda number, _: EndpointFailed("503: gone") if number == 2 else fresh(number, _))
    progress = made(plan, failing)
    assert (progress.status, progress.message, progress.n_kept) == ("endpoint_failed", "503: gone", 10)
    kept = rows(plan.out)
    assert len(kept) == 10
    later = FromList(lambda number, prompt: fresh(number + 2, prompt))
    assert made(plan, later).status == "done"
    assert rows(plan.out)[:10] == kept
    assert len(later.prompts) == 2


def test_a_prompt_that_the_endpoint_refuses_is_counted_and_passed_over(plan: AugmentPlan) -> None:
    progress = made(plan, FromList(lambda number, _: PromptRefused("too long") if number == 0 else fresh(number, _)), 5)
    assert progress.refused == {"endpoint_refused": 5}
    assert progress.n_kept == 5


def test_an_endpoint_that_refuses_every_prompt_says_why(plan: AugmentPlan) -> None:
    progress = made(plan, FromList(lambda number, _: PromptRefused("400: max_tokens is too large")))
    assert (progress.status, progress.message) == ("endpoint_failed", "400: max_tokens is too large")


def test_a_very_late_answer_holds_the_others_back(plan: AugmentPlan) -> None:
    """Otherwise hundreds could be asked for, and paid, before the first is judged."""
    asked_while_late: list[int] = []

    def late(number: int, prompt: str) -> str:
        if number == 0:
            until = time.monotonic() + 20
            while len(sampler.prompts) < 8 and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(0.3)  # in which no other may be asked for
            asked_while_late.append(len(sampler.prompts))
        return fresh(number, prompt)

    sampler = FromList(late)
    with Augmentation(plan) as augmentation:
        assert augmentation.run(sampler, n_rows=60, concurrency=2).status == "done"
    assert asked_while_late == [8]
    assert len(rows(plan.out)) == 60


def test_a_model_that_only_babbles_ends_the_run_honestly(plan: AugmentPlan) -> None:
    progress = made(plan, FromList(lambda number, _: "the the the"))
    assert (progress.status, progress.n_kept, progress.n_requests) == ("exhausted", 0, 20)
    assert progress.summary() == "kept 0 of 100: 100 not parseable"
    assert "stronger model" in progress.message
    assert plan.out.read_text() == ""


def test_it_stops_when_asked_and_goes_on(plan: AugmentPlan) -> None:
    seen: list[Progress] = []
    progress = made(plan, FromList(fresh), should_stop=lambda: len(seen) >= 2, on_progress=seen.append)
    assert (progress.status, progress.n_kept) == ("stopped", 10)
    assert made(plan, FromList(lambda number, _: fresh(number + 2, _))).status == "done"
    assert [row["metadata"]["row_id"] for row in rows(plan.out)] == [f"r{n}-{m}" for n in range(4) for m in range(5)]


def test_the_same_journal_gives_the_same_file(plan: AugmentPlan) -> None:
    made(plan, FromList(fresh))
    before = plan.out.read_bytes()
    plan.out.unlink()
    assert made(plan, FromList(lambda number, _: AssertionError("nothing is asked again"))).status == "done"
    assert plan.out.read_bytes() == before


def test_answers_that_arrive_out_of_order_give_the_same_file(plan: AugmentPlan, tmp_path: Path) -> None:
    made(plan, FromList(fresh), n_rows=20)
    head, *entries = plan.journal.read_text().splitlines(keepends=True)
    other = AugmentPlan(recipe="like_seeds", seeds=plan.seeds, out=tmp_path / "other.jsonl")
    other.journal.write_text("".join([head, entries[0], *reversed(entries[1:])]))
    made(other, FromList(fresh))
    assert other.out.read_bytes() == plan.out.read_bytes()


def test_a_torn_last_line_is_asked_again(plan: AugmentPlan) -> None:
    made(plan, FromList(fresh))
    whole = plan.out.read_bytes()
    journal = plan.journal.read_bytes()
    plan.journal.write_bytes(journal[:-40])
    assert made(plan, FromList(lambda number, _: fresh(number + 3, _))).status == "done"
    assert plan.out.read_bytes() == whole


def test_a_journal_of_another_plan_is_refused(plan: AugmentPlan, seeds: Path) -> None:
    made(plan, FromList(fresh))
    with pytest.raises(Conflict, match="instructions changed since"):
        Augmentation(AugmentPlan(recipe="like_seeds", seeds=seeds, out=plan.out, instructions="be brief"))
    seeds.write_text(seeds.read_text() + chat("new", "row") + "\n")
    with pytest.raises(Conflict, match="seeds changed since"):
        Augmentation(plan)


def test_two_cannot_make_the_same_rows_at_once(plan: AugmentPlan) -> None:
    with Augmentation(plan), pytest.raises(Conflict, match="in use by another process"):
        Augmentation(plan)


CHILD = """
import sys
from pathlib import Path
from tunesmith.data.augment.augmentation import Augmentation
from tunesmith.data.augment.chat_endpoint import ChatEndpoint
from tunesmith.data.augment.plan import AugmentPlan
seeds, out, url = sys.argv[1:]
plan = AugmentPlan(recipe="like_seeds", seeds=Path(seeds), out=Path(out))
with ChatEndpoint(url, "fake") as sampler, Augmentation(plan) as augmentation:
    augmentation.run(sampler, n_rows=60, concurrency=3)
"""


def by_prompt(prompts: dict[str, int]) -> Callable[[int, dict[str, Any]], Reply]:
    """The same answer to the same prompt, whenever it comes, in one of four shapes; some come late."""

    def script(number: int, body: dict[str, Any]) -> Reply:
        prompt = body["messages"][1]["content"]
        n = prompts.setdefault(prompt, len(prompts))
        rows_ = pairs(sum(prompt.encode()) % 300)
        shapes = [json.dumps(rows_), "```json\n" + json.dumps(rows_) + "\n```", "nothing", json.dumps(rows_)[:-30]]
        return Reply(shapes[sum(prompt.encode()) % 4], after_s=0.01 * (n % 3))

    return script


def test_killed_at_any_moment_and_gone_on_with_it_makes_the_same_rows(tmp_path: Path, seeds: Path) -> None:
    with serving(by_prompt({})) as endpoint:
        whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
        run_child(seeds, whole, endpoint.base_url)
        for after_lines in (3, 6, 9):
            kill_child(seeds, killed, endpoint.base_url, after_lines=after_lines)
        run_child(seeds, killed, endpoint.base_url)
    assert len(rows(whole)) > 20
    assert killed.read_bytes() == whole.read_bytes()


def start_child(seeds: Path, out: Path, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(seeds), str(out), url])


def run_child(seeds: Path, out: Path, url: str) -> None:
    assert start_child(seeds, out, url).wait(timeout=60) == 0


def kill_child(seeds: Path, out: Path, url: str, *, after_lines: int) -> None:
    child = start_child(seeds, out, url)
    journal = out.with_name(out.name + ".journal")
    until = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < until:
        if journal.exists() and journal.read_bytes().count(b"\n") >= after_lines:
            child.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    child.wait(timeout=30)


def test_hundreds_of_rows_through_an_endpoint_that_stumbles(plan: AugmentPlan) -> None:
    def script(number: int, body: dict[str, Any]) -> Reply:
        if number % 7 == 3:
            return Reply(status=429, headers={"retry-after": "0"}, raw=b"{}")
        if number % 11 == 5:
            return Reply("half", torn=True)
        return Reply(json.dumps(pairs(number)))

    with (
        serving(script) as endpoint,
        ChatEndpoint(endpoint.base_url, "m", retry=RetryPolicy(first_wait_s=0.01)) as sampler,
        Augmentation(plan) as augmentation,
    ):
        progress = augmentation.run(sampler, n_rows=200)
    assert progress.status == "done"
    assert len(rows(plan.out)) == 200
    assert len({row["messages"][0]["content"] for row in rows(plan.out)}) == 200
