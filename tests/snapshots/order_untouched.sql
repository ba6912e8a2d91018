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
)
SELECT
  caller.caller_status,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        "order".id,
        "order".order_number,
        "order".status,
        "order".business_id,
        "order".customer_id,
        "order".sku_id,
        "order".num,
        CAST("order".sku_snapshot AS JSON) AS sku_snapshot,
        "order".pay_count,
        "order".create_time,
        "order".deliver_time,
        "order".recv_time,
        "order".close_time,
        "order".deliver_address,
        "order".receiver_name,
        "order".receiver_phone,
        "order".receiver_address,
        "order".logistic_id,
        "order".logistic_name,
        "order".logistic_order_id,
        "order".after_care_id,
        "order".back_reason,
        COALESCE(
          (
            SELECT
              json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_1
            FROM order_receiver
            WHERE
              order_receiver.order_id = "order".id
          ),
          json_build_object('name', "order".receiver_name, 'phone', "order".receiver_phone, 'address', "order".receiver_address)
        ) AS receiver,
        COALESCE(
          (
            SELECT
              event.time
            FROM event
            WHERE
              event.order_id = "order".id
            ORDER BY
              event.id DESC
            LIMIT 1
          ),
          "order".create_time
        ) AS updated_at,
        CASE
          WHEN (
            "order".status = 0 AND %(ship)s > 0
          )
          THEN "order".create_time + %(ship)s
          WHEN (
            "order".status = 1 AND %(auto_receive)s > 0
          )
          THEN "order".deliver_time + %(auto_receive)s
          WHEN (
            "order".status = 2 AND %(after_sale)s > 0
          )
          THEN "order".recv_time + %(after_sale)s
          ELSE NULL
        END + COALESCE(
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
        ) AS deadline_at,
        0 AS refunded,
        "order".num AS pieces_left,
        ARRAY_REMOVE(
          CAST(ARRAY[
            CASE
              WHEN (
                "order".status = 0
                OR "order".status = 1
                OR "order".status = -1
                AND "order".deliver_time IS NOT NULL
                AND "order".recv_time IS NULL
              )
              THEN 'ship'
              ELSE NULL
            END,
            CASE
              WHEN (
                "order".status = 1 AND "order".deliver_time >= %(now)s - 3600
              )
              THEN 'unship'
              ELSE NULL
            END,
            CASE
              WHEN (
                "order".status = 1
                AND NOT (
                  EXISTS(
                    SELECT
                      order_clock.order_id
                    FROM order_clock
                    WHERE
                      order_clock.order_id = "order".id AND order_clock.extended_days > 0
                  )
                )
              )
              THEN 'extend'
              ELSE NULL
            END,
            CASE WHEN (
              "order".status = 0
            ) THEN 'cancel' ELSE NULL END
          ] AS TEXT[]),
          NULL
        ) AS actions,
        NULL AS except_order,
        (
          SELECT
            its_buyer.name
          FROM customer AS its_buyer
          WHERE
            its_buyer.id = "order".customer_id
        ) AS customer_name,
        (
          SELECT
            order_note.note
          FROM order_note
          WHERE
            order_note.order_id = "order".id
        ) AS note,
        COALESCE((
          SELECT
            order_note.flag
          FROM order_note
          WHERE
            order_note.order_id = "order".id
        ), 0) AS flag,
        NULL AS ticket
      FROM "order"
      WHERE
        "order".after_care_id IS NULL AND "order".id = %(order_id)s AND "order".business_id = %(actor_id)s
    ) AS v
  ) AS body
FROM caller
