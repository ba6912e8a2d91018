WITH days AS (
  SELECT
    paid.orders,
    paid.sales,
    back.refunds,
    back.refunded,
    period.name AS date,
    period.start
  FROM UNNEST(CAST(%(names)s AS TEXT[]), CAST(%(starts)s AS BIGINT[]), CAST(%(stops)s AS BIGINT[])) AS period(name, start, stop)
  JOIN LATERAL (
    SELECT
      COUNT(*) AS orders,
      ROUND(COALESCE(SUM(CAST("order".pay_count * 100 AS BIGINT)), 0) / 100, 2) AS sales
    FROM "order"
    WHERE
      "order".business_id = %(actor_id)s
      AND "order".create_time >= period.start
      AND "order".create_time < period.stop
  ) AS paid
    ON TRUE
  JOIN LATERAL (
    SELECT
      COUNT(*) AS refunds,
      ROUND(COALESCE(SUM(CAST(except_order.back_cost * 100 AS BIGINT)), 0) / 100, 2) AS refunded
    FROM except_order
    WHERE
      except_order.business_id = %(actor_id)s
      AND except_order.close_time >= period.start
      AND except_order.close_time < period.stop
      AND except_order.status = 1
      AND except_order.status = 1
      AND except_order.close_time IS NOT NULL
      AND (
        except_order.except_type = '仅退款' OR except_order.recv_time IS NOT NULL
      )
  ) AS back
    ON TRUE
), caller AS (
  SELECT
    "user".id,
    "user".status AS caller_status
  FROM "user"
  WHERE
    "user".id = %(actor_id)s
    AND (
      %(trusted)s
      OR "user".auth_token = %(session)s
      OR (
        EXISTS(
          SELECT
            api_key.id
          FROM api_key
          WHERE
            api_key.id = %(api_key_id)s
            AND api_key.business_id = "user".id
            AND api_key.digest = %(session)s
            AND %(key_scope)s = ANY(
              api_key.scopes
            )
        )
      )
    )
)
SELECT
  caller.caller_status,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        days.orders,
        days.sales,
        days.refunds,
        days.refunded,
        days.date
      FROM days
      ORDER BY
        days.start
      LIMIT 1
    ) AS v
  ) AS yesterday,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        days.orders,
        days.sales,
        days.refunds,
        days.refunded,
        days.date
      FROM days
      ORDER BY
        days.start DESC
      LIMIT 1
    ) AS v
  ) AS today,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        (
          SELECT
            COALESCE(SUM(order_tally.delta), 0) AS coalesce_5
          FROM order_tally
          WHERE
            order_tally.status = 0 AND order_tally.business_id = %(actor_id)s
        ) AS to_ship,
        (
          SELECT
            COUNT(*) AS count_1
          FROM "order"
          WHERE
            "order".status = 0
            AND %(ship)s > 0
            AND "order".create_time < %(now)s - %(ship)s
            AND "order".create_time + COALESCE(
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
            ) < %(now)s - %(ship)s
            AND "order".business_id = %(actor_id)s
        ) AS overdue,
        (
          SELECT
            COUNT(*) AS count_2
          FROM except_order
          WHERE
            except_order.close_time IS NULL AND except_order.business_id = %(actor_id)s
        ) AS open_tickets,
        (
          SELECT
            COUNT(*) AS count_3
          FROM sku
          JOIN product
            ON product.id = sku.product_id
          WHERE
            product.business_id = %(actor_id)s
            AND NOT (
              EXISTS(
                SELECT
                  removed_sku.sku_id
                FROM removed_sku
                WHERE
                  removed_sku.sku_id = sku.id
              )
            )
            AND sku.stock <= low_stock_threshold(CAST(sku.id AS INT), CAST(%(actor_id)s AS INT))
        ) AS low_stock
    ) AS v
  ) AS present
FROM caller
