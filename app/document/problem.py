"""What every error looks like (RFC 9457), as the document shows it."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app import errors
from app.document.raised import Error
from app.errors import AppError
from app.web.problems import MEDIA_TYPE, problem

_REF = "#/components/schemas/Problem"


class Fault(BaseModel):
    """What is wrong with one field (字段错误)."""

    place: Annotated[str, Field(alias="in", description="Where the field is (位置): body, query, path or header.")]
    field: Annotated[str, Field(description="Path of the field (字段), its parts joined by dots; empty for the whole.")]
    code: Annotated[str, Field(description="What is wrong (错误码), stable: one of those under *Fields* in docs/errors.md.")]
    detail: Annotated[str, Field(description="The same in words (说明), in the caller's language.")]


class Problem(BaseModel):
    """What every error looks like (RFC 9457, 错误)."""

    type: Annotated[str, Field(description="A URN of the code (类型).")]
    title: Annotated[str, Field(description="The status in words (标题), in English.")]
    status: Annotated[int, Field(description="The HTTP status (状态码).")]
    detail: Annotated[str, Field(description="What is wrong (说明), in the caller's language.")]
    instance: Annotated[str, Field(description="The path that was asked for (路径), 1,000 characters at most.")]
    code: Annotated[str, Field(description="What is wrong (错误码), stable. Each response lists those that it can have.")]
    errors: Annotated[list[Fault] | None, Field(description="What is wrong with single fields (字段错误), 100 at most.")] = None
    actions: Annotated[
        list[str] | None, Field(description="For a refused move: the verbs that are open now (可执行的操作).")
    ] = None
    refund_due: Annotated[
        bool | None,
        Field(
            description="true where a paid order does not come in (应退款): unless it is placed again, the buyer is paid back."
        ),
    ] = None


def every_error() -> list[Error]:
    """The errors that callers can meet, by status and code."""
    found = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AppError)} - {AppError}
    return sorted(found, key=lambda error: (error.status, error.code, error.__name__))


def schemas() -> dict[str, Any]:
    """The schemas of a problem, for the document's components."""
    found = Problem.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    fault = found.pop("$defs")["Fault"]
    codes = sorted({error.code for error in every_error()})
    named = {
        "type": "string",
        "title": "ProblemCode",
        "description": "The stable codes of errors (错误码). New ones may come, so a client takes those that it does not know.",
        "enum": codes,
    }
    found["properties"]["code"] |= {"anyOf": [{"$ref": "#/components/schemas/ProblemCode"}, {"type": "string"}]}
    found["properties"]["code"].pop("type")
    for name in ("errors", "actions", "refund_due"):  # absent where there is nothing to say, never null
        field = found["properties"][name]
        field |= next(each for each in field.pop("anyOf") if each != {"type": "null"})
        field.pop("default", None)
    return {"Problem": found, "Fault": fault, "ProblemCode": named}


def examples() -> dict[str, Any]:
    """A problem of each code, for the document's components."""
    return {error.code: _example(error) for error in reversed(every_error())}


def _example(error: Error) -> dict[str, Any]:
    shown = problem(error.status, error.code, spoken(error.en), "/api/v1/merchant/orders/1")
    return {"summary": f"{spoken(error.zh)} · {spoken(error.en)}", "value": shown}


def spoken(words: str) -> str:
    """The words of an error, with the names of what they are filled in with."""
    return words.replace("{", "‹").replace("}", "›")


def response(codes: list[str]) -> dict[str, Any]:
    """The answer of one status, which can have these codes."""
    shown = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return {
        "description": f"Refused (拒绝): {', '.join(f'`{code}`' for code in codes)}.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF}, "examples": shown}},
        "x-codes": codes,
    }
