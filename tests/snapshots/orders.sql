WITH picked AS (
  SELECT
    reached.id,
    reached.order_number,
    reached.status,
    reached.business_id,
    reached.customer_id,
    reached.sku_id,
    reached.num,
    reached.sku_snapshot,
    reached.pay_count,
    reached.create_time,
    reached.deliver_time,
    reached.recv_time,
    reached.close_time,
    reached.deliver_address,
    reached.receiver_name,
    reached.receiver_phone,
    reached.receiver_address,
    reached.logistic_id,
    reached.logistic_name,
    reached.logistic_order_id,
    reached.after_care_id,
    reached.back_reason,
    reached.receiver,
    reached.updated_at,
    reached.deadline_at,
    reached.refunded,
    reached.pieces_left,
    reached.actions,
    reached._time,
    reached._id
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
            json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_2
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
      CASE
        WHEN (
          "order".after_care_id IS NULL
        )
        THEN 0
        ELSE CAST(CAST((
          SELECT
            COALESCE(SUM(CAST(settled.back_cost * 100 AS BIGINT)), 0) AS coalesce_5
          FROM except_order AS settled
          WHERE
            settled.order_id = "order".id
            AND settled.status = 1
            AND settled.close_time IS NOT NULL
            AND (
              settled.except_type = '仅退款' OR settled.recv_time IS NOT NULL
            )
        ) AS BIGINT) AS DOUBLE PRECISION) / 100
      END AS refunded,
      CASE
        WHEN (
          "order".after_care_id IS NULL
        )
        THEN "order".num
        ELSE "order".num - CAST((
          SELECT
            COALESCE(SUM(given_back.received), 0) AS coalesce_7
          FROM return_quantity AS given_back
          WHERE
            given_back.order_id = "order".id
        ) AS INT)
      END AS pieces_left,
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
      "order".create_time AS _time,
      "order".id AS _id
    FROM "order"
    WHERE
      "order".business_id = %(actor_id)s
    ORDER BY
      "order".create_time DESC,
      "order".id DESC
    LIMIT 101
  ) AS reached
  LIMIT %(size)s + 1
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
  CAST((
    SELECT
      COALESCE(JSON_AGG(row_to_json(v)), CAST('[]' AS JSON)) AS coalesce_1
    FROM (
      SELECT
        picked.id,
        picked.order_number,
        picked.status,
        picked.business_id,
        picked.customer_id,
        picked.sku_id,
        picked.num,
        picked.sku_snapshot,
        picked.pay_count,
        picked.create_time,
        picked.deliver_time,
        picked.recv_time,
        picked.close_time,
        picked.deliver_address,
        picked.receiver_name,
        picked.receiver_phone,
        picked.receiver_address,
        picked.logistic_id,
        picked.logistic_name,
        picked.logistic_order_id,
        picked.after_care_id,
        picked.back_reason,
        picked.receiver,
        picked.updated_at,
        picked.deadline_at,
        picked.refunded,
        picked.pieces_left,
        picked.actions,
        (
          SELECT
            order_note.note
          FROM order_note
          WHERE
            order_note.order_id = picked.id
        ) AS note,
        COALESCE((
          SELECT
            order_note.flag
          FROM order_note
          WHERE
            order_note.order_id = picked.id
        ), 0) AS flag,
        CASE
          WHEN (
            picked.after_care_id IS NOT NULL
          )
          THEN (
            SELECT
              json_build_object(
                'id',
                in_force.id,
                'step',
                CASE
                  WHEN (
                    in_force.status = 0
                    AND in_force.close_time IS NULL
                    AND (
                      SELECT
                        refund_offer.back_cost
                      FROM refund_offer
                      WHERE
                        refund_offer.ticket_id = in_force.id
                    ) IS NOT NULL
                  )
                  THEN 'offered'
                  WHEN (
                    in_force.status = 0
                    AND in_force.close_time IS NULL
                    AND (
                      SELECT
                        refund_offer.back_cost
                      FROM refund_offer
                      WHERE
                        refund_offer.ticket_id = in_force.id
                    ) IS NULL
                  )
                  THEN 'applied'
                  WHEN (
                    in_force.status = 1 AND in_force.close_time IS NULL AND in_force.deliver_time IS NULL
                  )
                  THEN 'awaiting_return'
                  WHEN (
                    in_force.status = 1 AND in_force.close_time IS NULL AND in_force.deliver_time IS NOT NULL
                  )
                  THEN 'awaiting_receipt'
                  WHEN (
                    in_force.status = 1
                    AND in_force.status = 1
                    AND in_force.close_time IS NOT NULL
                    AND (
                      in_force.except_type = '仅退款' OR in_force.recv_time IS NOT NULL
                    )
                  )
                  THEN 'refunded'
                  WHEN (
                    in_force.status = 2 AND in_force.close_time IS NOT NULL
                  )
                  THEN 'refused'
                  WHEN (
                    in_force.status = 0 AND in_force.close_time IS NOT NULL
                  )
                  THEN 'withdrawn'
                  WHEN (
                    in_force.status = 1
                    AND in_force.close_time IS NOT NULL
                    AND in_force.except_type = '退货退款'
                    AND in_force.recv_time IS NULL
                  )
                  THEN 'lapsed'
                  ELSE NULL
                END,
                'back_cost',
                in_force.back_cost
              ) AS json_build_object_1
            FROM except_order AS in_force
            WHERE
              in_force.id = picked.after_care_id
          )
          ELSE NULL
        END AS ticket
      FROM picked
      LIMIT %(size)s
    ) AS v
  ) AS TEXT) AS items,
  (
    SELECT
      COALESCE(SUM(order_tally.delta), 0) AS coalesce_9
    FROM order_tally
    WHERE
      order_tally.business_id = %(actor_id)s
  ) AS total,
  CAST((
    SELECT
      CONCAT(picked._time, '.', picked._id) AS concat_1
    FROM picked
    LIMIT 1
    OFFSET %(size)s - 1
  ) AS TEXT) AS last,
  (
    SELECT
      COUNT(*) AS count_1
    FROM picked
  ) AS found
FROM caller
