"""What the service refuses, as an exception that carries the problem (RFC 9457)."""

from typing import TypeVar

import httpx

from meta_be_client.generated.models import Problem

MEDIA_TYPE = "application/problem+json"
Answer = TypeVar("Answer")


class ProblemError(Exception):
    """The service refused the call. `code` is stable, `problem.detail` is in the language that was asked for."""

    def __init__(self, problem: Problem, request_id: str | None, retry_after: float | None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.request_id = request_id
        self.retry_after = retry_after  # seconds

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def code(self) -> str:
        return str(self.problem.code)

    @property
    def fields(self) -> dict[str, str]:
        """What is wrong, by field; the first fault of each."""
        return {fault.field: fault.detail for fault in reversed(self.problem.errors or [])}


def answered(answer: Answer | Problem | None) -> Answer:
    """The answer of a call by its own type. Problems were raised before, by the connection."""
    if answer is None or isinstance(answer, Problem):
        raise TypeError("this client was not made by connect()")
    return answer


def raise_problem(response: httpx.Response) -> None:
    """Raise ProblemError if this response, which has been read, is a refusal."""
    if response.is_error:
        raise problem_of(response)


def problem_of(response: httpx.Response) -> ProblemError:
    """The error of a refusal, which has been read."""
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    problem = Problem.from_dict(response.json()) if kind == MEDIA_TYPE else _unnamed(response)
    seconds = response.headers.get("Retry-After", "")
    return ProblemError(problem, response.headers.get("X-Request-ID"), float(seconds) if seconds.isdecimal() else None)


def _unnamed(response: httpx.Response) -> Problem:
    """What a proxy between here and the service answered."""
    title = response.reason_phrase or f"HTTP {response.status_code}"
    code = f"http_{response.status_code}"
    return Problem("about:blank", title, response.status_code, title, response.request.url.path, code)
