"""An augmentation as a job: begun, stopped, killed, gone on with, corrected, and exact whatever happened in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson

from tunesmith.data.augment.answers import MAX_ANSWER_CHARS
from tunesmith.data.augment.journal import Entry, Journal
from tunesmith.data.augment.made_rows import STALLED, MadeRow, MadeRows
from tunesmith.data.augment.plan import AugmentPlan, read_inputs
from tunesmith.data.augment.progress import Progress, Status
from tunesmith.data.augment.sampler import Answer, EndpointFailed, PromptRefused, Sampler
from tunesmith.data.whole_file import whole_file
from tunesmith.errors import Conflict, NotFound

FIRST_LOOK = 20
"""How many rows to make before a person looks at them, as the seed tutorials do."""

CONCURRENCY = 4
_MOST_AHEAD = 4  # times the concurrency: answers that may wait for an earlier one, which may be very late
_WRITE_EVERY_S = 2.0  # the output during a run; the journal is written at once
_LOOK_EVERY_S = 0.2  # how soon a wish to stop is seen
_MAX_REASON_CHARS = 500


@dataclass(frozen=True, slots=True)
class Correction:
    """A row that is bad, and why, in the user's words."""

    row_id: str
    reason: str


class Augmentation:
    """Open it in a `with`: its journal then belongs to this process. The output is always a whole file.

    The journal beside the output holds every answer as it came. Rows are a function of it alone, so that a run that
    was killed and gone on with gives the same file as one that was not, if the model gives the same answers.
    """

    def __init__(self, plan: AugmentPlan) -> None:
        """Begin, or go on where the journal ends.

        Raises InvalidRequest or InvalidFile for a plan or a file that cannot be used, Conflict for a journal of
        another plan or in use by another process.
        """
        self.plan = plan
        self._made = MadeRows(plan, read_inputs(plan))
        self._n_wanted = 0
        self._model = ""
        self._refusal = ""
        self._written_at = 0.0
        self._journal = Journal(plan.journal)
        try:
            self._replay()
        except BaseException:
            self._journal.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._journal.close()

    @property
    def rows(self) -> list[MadeRow]:
        """What is in the output, in its order."""
        return self._made.rows(self._n_wanted)

    def progress(self, status: Status = "stopped", message: tuple[str, str] = ("", "")) -> Progress:
        made = self._made
        return Progress(
            status=status,
            n_wanted=self._n_wanted,
            n_asked=made.n_judged * self.plan.rows_per_request,
            n_kept=made.n_kept,
            n_removed=made.n_removed,
            n_requests=made.n_answered,
            refused={code: count for code, count in made.refused.items() if count},
            message=message[0],
            message_zh=message[1],
        )

    def correct(self, corrections: Iterable[Correction]) -> None:
        """Take rows out of the output and show them to the model, from now on, as what not to write.

        Raises NotFound, before anything is changed, for a row that is not in the output.
        """
        known = {row.id for row in self.rows}
        wished = list(corrections)
        if not wished:
            return
        unknown = [one.row_id for one in wished if one.row_id not in known]
        if unknown:
            raise NotFound(f"There is no row {unknown[0]!r}; rows have ids such as {', '.join(sorted(known)[:3])}.")
        entries: list[Entry] = [
            {"kind": "correction", "row": one.row_id, "reason": one.reason.strip()[:_MAX_REASON_CHARS]}
            for one in wished
        ]
        self._journal.append(entries)
        for entry in entries:
            self._apply(entry)
        self._write()

    def run(
        self,
        sampler: Sampler,
        *,
        n_rows: int = FIRST_LOOK,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: Callable[[Progress], None] = lambda _: None,
        concurrency: int = CONCURRENCY,
    ) -> Progress:
        """Ask until `n_rows` good rows are there, in all; what there is already counts.

        Comes back with status done, stopped (`should_stop`, after the answers under way), exhausted, or
        endpoint_failed, with the endpoint's last words in `message`; running again goes on from there.
        """
        if (n_rows, sampler.model) != (self._n_wanted, self._model):
            self._note({"kind": "run", "n_rows": n_rows, "model": sampler.model})
        failure: EndpointFailed | None = None
        give_up = threading.Event()
        under_way: dict[Future[Answer], int] = {}
        stopped = False
        with ThreadPoolExecutor(concurrency, thread_name_prefix="augment") as pool:
            try:
                while True:
                    stopped = stopped or should_stop()
                    if stopped:
                        give_up.set()
                    while not (stopped or failure) and len(under_way) < concurrency and self._wants_more():
                        number = self._next_number(under_way.values())
                        if number is None or number >= self._made.n_judged + _MOST_AHEAD * concurrency:
                            break
                        prompt = self._made.inputs.recipe.ask(number, self._made.bad)
                        under_way[pool.submit(sampler.sample, prompt, give_up=give_up)] = number
                    if not under_way:
                        break
                    done, _ = wait(under_way, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                    failed = self._take(sorted((under_way.pop(future), future) for future in done))
                    failure = failure or failed
                    if failure:
                        give_up.set()
                    if done:
                        self._write_now_and_then()
                        on_progress(self.progress("running"))
            finally:
                give_up.set()
        self._write()
        end = self._end(stopped, failure)
        on_progress(end)
        return end

    def _take(self, done: list[tuple[int, Future[Answer]]]) -> EndpointFailed | None:
        """Put what came back into the journal, and only then into use."""
        entries: list[Entry] = []
        failure = None
        for number, future in done:
            try:
                answer = future.result()
            except PromptRefused as error:
                entries.append({"kind": "refused", "request": number, "error": error.message, "model": self._model})
            except EndpointFailed as error:  # not answered: it will be asked again
                failure = error
            else:
                text = answer.text[:MAX_ANSWER_CHARS].encode(errors="replace").decode()
                entries.append({"kind": "answer", "request": number, "text": text, "model": self._model})
        if entries:
            self._journal.append(entries)
        for entry in entries:
            self._apply(entry)
        return failure

    def _end(self, stopped: bool, failure: EndpointFailed | None) -> Progress:
        made = self._made
        if made.n_kept >= self._n_wanted:
            return self.progress("done")
        if stopped:
            return self.progress("stopped")
        if failure:
            return self.progress("endpoint_failed", (failure.message, failure.message))
        if made.n_fruitless >= STALLED and self._refusal:
            return self.progress("endpoint_failed", (self._refusal, self._refusal))
        if made.n_fruitless >= STALLED:
            return self.progress(
                "exhausted",
                (
                    f"the last {STALLED} answers gave no row worth keeping; use a stronger model, other seeds, or say "
                    "more in the instructions",
                    f"最近 {STALLED} 次回答都没有可用的样本；请换更强的模型、换种子样本，或把要求写得更具体",
                ),
            )
        return self.progress(
            "exhausted",
            (
                "every seed or passage has been asked about as often as is useful; give more of them",
                "每条种子样本或每段文字都已问过足够多次；请提供更多材料",
            ),
        )

    def _wants_more(self) -> bool:
        return self._made.n_kept < self._n_wanted and self._made.n_fruitless < STALLED

    def _next_number(self, under_way: Iterable[int]) -> int | None:
        """The first request that is neither answered nor under way; None when the recipe has no more."""
        taken = set(under_way)
        number = self._made.n_judged
        while number in taken or self._made.is_answered(number):
            number += 1
        most = self._made.inputs.recipe.n_requests
        return number if most is None or number < most else None

    def _note(self, entry: Entry) -> None:
        self._journal.append([entry])
        self._apply(entry)

    def _replay(self) -> None:
        entries = self._journal.entries
        head = {"kind": "plan", **self.plan.to_json()}
        if not entries:
            self._journal.append([head])
        elif entries[0] != head:
            changed = sorted(key for key in head if entries[0].get(key) != head[key])
            raise Conflict(
                f"{self.plan.journal} belongs to another augmentation: {', '.join(changed)} changed since. Give this "
                "one another output file, or delete the journal to begin again.",
                code="augmentation_exists",
            )
        for entry in entries[1:]:
            self._apply(entry)
        entries.clear()

    def _apply(self, entry: Entry) -> None:
        kind = entry["kind"]
        if kind == "run":
            self._n_wanted, self._model = entry["n_rows"], entry["model"]
            self._made.n_fruitless = 0
        elif kind == "correction":
            self._made.correct(entry["row"], entry["reason"])
            self._made.n_fruitless = 0
        else:
            self._refusal = entry.get("error", "")
            self._made.answer(entry["request"], entry.get("text"), model=entry["model"])

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written_at >= _WRITE_EVERY_S:
            self._write()

    def _write(self) -> None:
        """The output anew, whole: a reader finds the old file or the new one."""
        with whole_file(self.plan.out) as part, part.open("wb") as file:
            file.writelines(self._lines())
        self._written_at = time.monotonic()

    def _lines(self) -> Iterator[bytes]:
        for row in self.rows:
            yield orjson.dumps(row.value) + b"\n"
