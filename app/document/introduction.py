"""What a reader of the document learns first."""

TEXT = """
The backend of merchants (商家端) on a metaverse e-commerce platform: their shops, orders and after-sale tickets, and what
buyers, the platform and staff do with them.

## Who calls (认证)

| audience | proves itself by |
|---|---|
| merchant 商家, customer 买家, admin 管理员 | `Authorization: Bearer` and the token of `POST …/login`; a new one ends it. |
| a merchant's machine | `Authorization: Bearer` and an API key (`mbk_…`), which opens what its scopes say. |
| platform 平台 | the headers of [Standard Webhooks](https://www.standardwebhooks.com), signed with its secret. |

## Errors (错误)

Every error is `application/problem+json` (RFC 9457). Its `code` is stable; `detail` says it in Chinese, or in English for
`Accept-Language: en`. Each response below lists its codes under `x-codes`. For 422, `errors` says what is wrong field by field;
for a refused move, `actions` are the verbs that are open now. With 429 and 503 comes `Retry-After`.
Unknown fields and parameters are refused. New codes, fields of answers and types of events may come: take them as they are.

## Lists (分页)

`page` and `size`, or `cursor` (the `next_cursor` of the answer before) to walk on without counting, at the same cost
however deep. `total` stops at 10,000 (`total_is_capped`). Newest first, unless `sort` says otherwise.

## Trying again (幂等)

A POST with an `Idempotency-Key` can be sent again: the same key and request get the first answer, with `Idempotent-Replayed:
true`. A key lives 24 hours and belongs to one account. What was refused keeps no key.

## Money and time (金额与时间)

Money is a number in yuan (元) with two decimals at most. Times are Unix seconds. Days are those of the service's time zone.

## PATCH (修改)

What is left out stays as it is; null empties a field, where it may be empty. An empty optional text is the same as null.

## Events (事件)

What happens is told as it happens: by `GET /api/v1/merchant/events` (Server-Sent Events), and by webhooks, which are signed
as Standard Webhooks with the webhook's `secret`. The types of events and what they carry are under *Webhooks*.
""".strip()
