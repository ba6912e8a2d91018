WITH caller AS (
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
), moved AS (
  UPDATE "order" SET status = 1, deliver_time = GREATEST(%(now)s, "order".create_time), deliver_address = COALESCE(%(deliver_address)s, "order".deliver_address), logistic_id = %(logistic_id)s, logistic_name = %(logistic_name)s, logistic_order_id = %(logistic_order_id)s
  WHERE
    "order".id = %(subject_id)s
    AND "order".business_id = (
      SELECT
        caller.id
      FROM caller
      WHERE
        caller.caller_status = 0
    )
    AND "order".status = 0
  RETURNING "order".id, "order".order_number, "order".status, "order".business_id, "order".customer_id, "order".sku_id, "order".num, "order".sku_snapshot, "order".pay_count, "order".create_time, "order".deliver_time, "order".recv_time, "order".close_time, "order".deliver_address, "order".receiver_name, "order".receiver_phone, "order".receiver_address, "order".logistic_id, "order".logistic_name, "order".logistic_order_id, "order".after_care_id, "order".back_reason
), noted AS (
  INSERT INTO event (
    time,
    actor_kind,
    actor_id,
    api_key_id,
    request_id,
    subject_id,
    verb,
    subject,
    from_status,
    to_status,
    details,
    business_id,
    order_id
  )
  SELECT
    CAST(%(now)s AS INT) AS time,
    CAST(%(actor_kind)s AS VARCHAR(10)) AS actor_kind,
    CAST(%(actor_id)s AS INT) AS actor_id,
    CAST(%(api_key_id)s AS INT) AS api_key_id,
    CAST(%(request_id)s AS VARCHAR(64)) AS request_id,
    CAST(moved.id AS INT) AS subject_id,
    CAST('ship' AS VARCHAR(30)) AS verb,
    CAST('order' AS VARCHAR(20)) AS subject,
    CAST(0 AS INT) AS from_status,
    CAST(1 AS INT) AS to_status,
    CAST(jsonb_build_object(
      'logistic_id',
      moved.logistic_id,
      'logistic_name',
      moved.logistic_name,
      'logistic_order_id',
      moved.logistic_order_id
    ) AS JSONB) AS details,
    CAST(moved.business_id AS INT) AS business_id,
    CAST(moved.id AS INT) AS order_id
  FROM moved
  RETURNING event.id
)
SELECT
  caller.caller_status,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        moved.id,
        moved.order_number,
        moved.status,
        moved.business_id,
        moved.customer_id,
        moved.sku_id,
        moved.num,
        CAST(moved.sku_snapshot AS JSON) AS sku_snapshot,
        moved.pay_count,
        moved.create_time,
        moved.deliver_time,
        moved.recv_time,
        moved.close_time,
        moved.deliver_address,
        moved.receiver_name,
        moved.receiver_phone,
        moved.receiver_address,
        moved.logistic_id,
        moved.logistic_name,
        moved.logistic_order_id,
        moved.after_care_id,
        moved.back_reason,
        COALESCE(
          (
            SELECT
              json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_1
            FROM order_receiver
            WHERE
              order_receiver.order_id = moved.id
          ),
          json_build_object('name', moved.receiver_name, 'phone', moved.receiver_phone, 'address', moved.receiver_address)
        ) AS receiver,
        CAST(%(now)s AS INT) AS updated_at,
        CASE
          WHEN (
            moved.status = 0 AND %(ship)s > 0
          )
          THEN moved.create_time + %(ship)s
          WHEN (
            moved.status = 1 AND %(auto_receive)s > 0
          )
          THEN moved.deliver_time + %(auto_receive)s
          WHEN (
            moved.status = 2 AND %(after_sale)s > 0
          )
          THEN moved.recv_time + %(after_sale)s
          ELSE NULL
        END + COALESCE(
          (
            SELECT
              CASE WHEN (
                order_clock.paused_in = moved.status
              ) THEN order_clock.paused_seconds ELSE 0 END + CASE
                WHEN (
                  moved.status = 1
                )
                THEN order_clock.extended_days * 86400 + GREATEST(COALESCE(order_clock.tracked_time, 0) - moved.deliver_time, 0)
                ELSE 0
              END AS anon_1
            FROM order_clock
            WHERE
              order_clock.order_id = moved.id
          ),
          0
        ) AS deadline_at,
        CASE
          WHEN (
            moved.after_care_id IS NULL
          )
          THEN 0
          ELSE CAST(CAST((
            SELECT
              COALESCE(SUM(CAST(settled.back_cost * 100 AS BIGINT)), 0) AS coalesce_3
            FROM except_order AS settled
            WHERE
              settled.order_id = moved.id
              AND settled.status = 1
              AND settled.close_time IS NOT NULL
              AND (
                settled.except_type = '仅退款' OR settled.recv_time IS NOT NULL
              )
          ) AS BIGINT) AS DOUBLE PRECISION) / 100
        END AS refunded,
        CASE
          WHEN (
            moved.after_care_id IS NULL
          )
          THEN moved.num
          ELSE moved.num - CAST((
            SELECT
              COALESCE(SUM(given_back.received), 0) AS coalesce_5
            FROM return_quantity AS given_back
            WHERE
              given_back.order_id = moved.id
          ) AS INT)
        END AS pieces_left,
        ARRAY_REMOVE(
          CAST(ARRAY[
            CASE
              WHEN (
                moved.status = 0
                OR moved.status = 1
                OR moved.status = -1
                AND moved.deliver_time IS NOT NULL
                AND moved.recv_time IS NULL
              )
              THEN 'ship'
              ELSE NULL
            END,
            CASE WHEN (
              moved.status = 1 AND moved.deliver_time >= %(now)s - 3600
            ) THEN 'unship' ELSE NULL END,
            CASE
              WHEN (
                moved.status = 1
                AND NOT (
                  EXISTS(
                    SELECT
                      order_clock.order_id
                    FROM order_clock
                    WHERE
                      order_clock.order_id = moved.id AND order_clock.extended_days > 0
                  )
                )
              )
              THEN 'extend'
              ELSE NULL
            END,
            CASE WHEN (
              moved.status = 0
            ) THEN 'cancel' ELSE NULL END
          ] AS TEXT[]),
          NULL
        ) AS actions
      FROM moved
      JOIN noted
        ON TRUE
    ) AS v
  ) AS body
FROM caller
