"""What every refusal is made of."""

from typing import Any, ClassVar


class AppError(Exception):
    """A refusal with a stable code; rolls the work back and is answered as problem+json (RFC 9457)."""

    status: ClassVar[int]
    code: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]
    place: ClassVar[str] = "body"  # where the field is that it speaks of

    def __init__(
        self,
        *,
        actions: list[str] | None = None,
        field: str | None = None,
        retry_after: int | None = None,
        refund_due: bool = False,
        **values: Any,
    ) -> None:
        super().__init__(self.code)
        self.actions = actions
        self.field = field
        self.retry_after = retry_after
        self.refund_due = refund_due  # a paid order that does not come in: the buyer gets the money back
        self.values = values

    def detail(self, language: str) -> str:
        return (self.zh if language == "zh" else self.en).format(**self.values)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail('en')}"
