WITH due AS (
  SELECT
    webhook.id
  FROM webhook
  LEFT OUTER JOIN "user"
    ON "user".id = webhook.business_id
  WHERE
    webhook.status = 'enabled'
    AND (
      webhook.business_id IS NULL OR "user".status = 0
    )
    AND webhook.due_time <= %(now)s
    AND webhook.leased_until <= %(now)s
  ORDER BY
    webhook.leased_until
  LIMIT %(most)s   FOR UPDATE OF webhook SKIP LOCKED
)
UPDATE webhook SET leased_until = (
  %(now)s + 60
), turn = (
  webhook.turn + 1
)
FROM due
WHERE
  webhook.id = due.id
RETURNING webhook.id, webhook.turn
