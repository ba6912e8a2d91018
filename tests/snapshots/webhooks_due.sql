SELECT
  webhook_delivery.id,
  webhook_delivery.event_id,
  webhook_delivery.attempts,
  webhook.url,
  webhook.update_time,
  webhook.secret_seed,
  CASE WHEN (
    webhook.previous_until > %(now)s
  ) THEN webhook.previous_seed ELSE NULL END AS previous_seed,
  CASE WHEN webhook.verb_as_type THEN e.verb ELSE CONCAT(e.subject, '.', e.verb) END AS type,
  e.time,
  CAST(to_jsonb(e) - 'txid' AS TEXT) AS body
FROM webhook
LEFT OUTER JOIN "user"
  ON "user".id = webhook.business_id
JOIN webhook_delivery
  ON webhook_delivery.webhook_id = webhook.id
JOIN LATERAL (
  SELECT
    event.id,
    event.time,
    event.actor_kind,
    event.actor_id,
    event.api_key_id,
    event.verb,
    event.subject,
    event.subject_id,
    event.business_id,
    event.order_id,
    event.from_status,
    event.to_status,
    NULLIF(event.details - 'digest', CAST('{}' AS JSONB)) AS details,
    event.request_id,
    CONCAT(event.subject, '.', event.verb) AS type,
    (
      SELECT
        its_order.order_number
      FROM "order" AS its_order
      WHERE
        its_order.id = event.order_id
    ) AS order_number,
    CASE
      WHEN (
        event.to_status IS NOT NULL
      )
      THEN to_jsonb(event.to_status)
      WHEN (
        event.subject = 'order'
      )
      THEN to_jsonb(
        (
          SELECT
            its_order.status
          FROM "order" AS its_order
          WHERE
            its_order.id = event.order_id
        )
      )
      WHEN (
        event.subject = 'except_order'
      )
      THEN to_jsonb(
        (
          SELECT
            its_ticket.status
          FROM except_order AS its_ticket
          WHERE
            its_ticket.id = event.subject_id
        )
      )
      WHEN (
        event.subject = 'refund'
      )
      THEN to_jsonb(event.verb)
      ELSE NULL
    END AS status,
    CASE
      WHEN (
        event.subject = 'order'
      )
      THEN (
        SELECT
          its_order.pay_count
        FROM "order" AS its_order
        WHERE
          its_order.id = event.order_id
      )
      WHEN (
        event.subject = 'except_order'
      )
      THEN COALESCE(
        CAST(event.details ->> 'back_cost' AS DOUBLE PRECISION),
        (
          SELECT
            its_ticket.back_cost
          FROM except_order AS its_ticket
          WHERE
            its_ticket.id = event.subject_id
        )
      )
      WHEN (
        event.subject = 'refund'
      )
      THEN CAST(event.details ->> 'amount' AS DOUBLE PRECISION)
      ELSE NULL
    END AS amount
  FROM event
  WHERE
    event.id = webhook_delivery.event_id
) AS e
  ON TRUE
WHERE
  webhook.status = 'enabled'
  AND (
    webhook.business_id IS NULL OR "user".status = 0
  )
  AND webhook.id = %(webhook_id)s
  AND webhook.turn = %(turn)s
  AND webhook_delivery.status = 'pending'
  AND webhook_delivery.next_attempt_time <= %(now)s
ORDER BY
  webhook_delivery.next_attempt_time,
  webhook_delivery.id
LIMIT %(most)s
