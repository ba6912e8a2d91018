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
  e.verb,
  e.time,
  CAST(to_jsonb(e) - 'txid' AS TEXT) AS body
FROM webhook
JOIN "user"
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
    event.order_id,
    event.from_status,
    event.to_status,
    event.details,
    event.request_id
  FROM event
  WHERE
    event.id = webhook_delivery.event_id
) AS e
  ON TRUE
WHERE
  webhook.status = 'enabled'
  AND "user".status = 0
  AND webhook.id = %(webhook_id)s
  AND webhook.turn = %(turn)s
  AND webhook_delivery.status = 'pending'
  AND webhook_delivery.next_attempt_time <= %(now)s
ORDER BY
  webhook_delivery.next_attempt_time,
  webhook_delivery.id
LIMIT %(most)s
