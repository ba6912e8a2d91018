SELECT
  "order".id
FROM "order"
WHERE
  "order".id > %(last)s
  AND "order".status = 1
  AND %(auto_receive)s > 0
  AND "order".deliver_time < %(now)s - %(auto_receive)s
  AND "order".deliver_time + COALESCE(
    (
      SELECT
        CASE WHEN (
          order_clock.paused_in = "order".status
        ) THEN order_clock.paused_seconds ELSE 0 END + CASE
          WHEN (
            "order".status = 1
          )
          THEN order_clock.extended_days * 86400 + GREATEST(COALESCE(order_clock.tracked_time, 0) - "order".deliver_time, 0)
          ELSE 0
        END AS anon_1
      FROM order_clock
      WHERE
        order_clock.order_id = "order".id
    ),
    0
  ) < %(now)s - %(auto_receive)s
ORDER BY
  "order".id
LIMIT %(chunk)s
