WITH picked AS (
  SELECT
    except_order.id,
    except_order.order_id,
    except_order.business_id,
    except_order.except_type,
    except_order.status,
    except_order.create_time,
    except_order.deliver_time,
    except_order.recv_time,
    except_order.close_time,
    except_order.logistics_id,
    except_order.logistics_order_id,
    except_order.back_reason,
    except_order.remark,
    except_order.back_cost,
    CASE
      WHEN (
        except_order.status = 0
        AND except_order.close_time IS NULL
        AND (
          SELECT
            refund_offer.back_cost
          FROM refund_offer
          WHERE
            refund_offer.ticket_id = except_order.id
        ) IS NOT NULL
      )
      THEN 'offered'
      WHEN (
        except_order.status = 0
        AND except_order.close_time IS NULL
        AND (
          SELECT
            refund_offer.back_cost
          FROM refund_offer
          WHERE
            refund_offer.ticket_id = except_order.id
        ) IS NULL
      )
      THEN 'applied'
      WHEN (
        except_order.status = 1 AND except_order.close_time IS NULL AND except_order.deliver_time IS NULL
      )
      THEN 'awaiting_return'
      WHEN (
        except_order.status = 1 AND except_order.close_time IS NULL AND except_order.deliver_time IS NOT NULL
      )
      THEN 'awaiting_receipt'
      WHEN (
        except_order.status = 1
        AND except_order.status = 1
        AND except_order.close_time IS NOT NULL
        AND (
          except_order.except_type = '仅退款' OR except_order.recv_time IS NOT NULL
        )
      )
      THEN 'refunded'
      WHEN (
        except_order.status = 2 AND except_order.close_time IS NOT NULL
      )
      THEN 'refused'
      WHEN (
        except_order.status = 0 AND except_order.close_time IS NOT NULL
      )
      THEN 'withdrawn'
      WHEN (
        except_order.status = 1
        AND except_order.close_time IS NOT NULL
        AND except_order.except_type = '退货退款'
        AND except_order.recv_time IS NULL
      )
      THEN 'lapsed'
      ELSE NULL
    END AS step,
    CASE
      WHEN (
        except_order.status = 0
        AND except_order.close_time IS NULL
        AND (
          SELECT
            refund_offer.back_cost
          FROM refund_offer
          WHERE
            refund_offer.ticket_id = except_order.id
        ) IS NOT NULL
        AND %(consent)s > 0
      )
      THEN (
        SELECT
          refund_offer.time
        FROM refund_offer
        WHERE
          refund_offer.ticket_id = except_order.id
      ) + %(consent)s
      WHEN (
        except_order.status = 0
        AND except_order.close_time IS NULL
        AND (
          SELECT
            refund_offer.back_cost
          FROM refund_offer
          WHERE
            refund_offer.ticket_id = except_order.id
        ) IS NULL
        AND %(answer)s > 0
      )
      THEN except_order.create_time + %(answer)s
      WHEN (
        except_order.status = 1
        AND except_order.close_time IS NULL
        AND except_order.deliver_time IS NULL
        AND %(return_goods)s > 0
      )
      THEN COALESCE(
        (
          SELECT
            MAX(event.time) AS max_1
          FROM event
          WHERE
            event.order_id = except_order.order_id
            AND event.subject = 'except_order'
            AND (
              event.verb = 'agree' OR event.verb = 'accept'
            )
            AND event.subject_id = except_order.id
        ),
        %(now)s
      ) + %(return_goods)s
      WHEN (
        except_order.status = 1
        AND except_order.close_time IS NULL
        AND except_order.deliver_time IS NOT NULL
        AND %(return_receive)s > 0
      )
      THEN except_order.deliver_time + %(return_receive)s
      ELSE NULL
    END AS deadline_at,
    (
      SELECT
        row_to_json(p) AS row_to_json_1
      FROM (
        SELECT
          return_parcel.id,
          return_parcel.logistics_id,
          return_parcel.tracking_number,
          return_parcel.create_time
        FROM return_parcel
        WHERE
          return_parcel.id = except_order.logistics_order_id
      ) AS p
    ) AS return_parcel,
    (
      SELECT
        row_to_json(q) AS row_to_json_2
      FROM (
        SELECT
          return_quantity.asked,
          return_quantity.sent,
          return_quantity.received,
          return_quantity.restocked
        FROM return_quantity
        WHERE
          return_quantity.ticket_id = except_order.id
      ) AS q
    ) AS pieces,
    (
      SELECT
        row_to_json(f) AS row_to_json_3
      FROM (
        SELECT
          refund_offer.back_cost,
          refund_offer.remark,
          refund_offer.time
        FROM refund_offer
        WHERE
          refund_offer.ticket_id = except_order.id
      ) AS f
    ) AS offer,
    ARRAY_REMOVE(
      CAST(ARRAY[
        CASE
          WHEN (
            except_order.status = 0
            AND except_order.close_time IS NULL
            AND except_order.except_type = '仅退款'
            OR except_order.status = 0
            AND except_order.close_time IS NULL
            AND except_order.except_type = '退货退款'
          )
          THEN 'agree'
          ELSE NULL
        END,
        CASE
          WHEN (
            except_order.status = 0
            AND except_order.close_time IS NULL
            AND (
              SELECT
                refund_offer.back_cost
              FROM refund_offer
              WHERE
                refund_offer.ticket_id = except_order.id
            ) IS NULL
            OR except_order.status = 1
            AND except_order.close_time IS NULL
            AND except_order.deliver_time IS NOT NULL
          )
          THEN 'refuse'
          ELSE NULL
        END,
        CASE
          WHEN (
            except_order.status = 1 AND except_order.close_time IS NULL AND except_order.deliver_time IS NOT NULL
          )
          THEN 'receive'
          ELSE NULL
        END
      ] AS TEXT[]),
      NULL
    ) AS actions,
    except_order.create_time AS _time,
    except_order.id AS _id
  FROM except_order
  WHERE
    except_order.business_id = %(actor_id)s
  ORDER BY
    except_order.create_time DESC,
    except_order.id DESC
  LIMIT %(size)s + 1
  OFFSET %(skip)s
), caller AS (
  SELECT
    "user".id,
    "user".status AS caller_status
  FROM "user"
  WHERE
    "user".id = %(actor_id)s AND (
      %(trusted)s OR "user".auth_token = %(session)s
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
        picked.order_id,
        picked.business_id,
        picked.except_type,
        picked.status,
        picked.create_time,
        picked.deliver_time,
        picked.recv_time,
        picked.close_time,
        picked.logistics_id,
        picked.logistics_order_id,
        picked.back_reason,
        picked.remark,
        picked.back_cost,
        picked.step,
        picked.deadline_at,
        picked.return_parcel,
        picked.pieces,
        picked.offer,
        picked.actions
      FROM picked
      LIMIT %(size)s
    ) AS v
  ) AS TEXT) AS items,
  (
    SELECT
      COUNT(*) AS count_1
    FROM (
      SELECT
        except_order.id
      FROM except_order
      WHERE
        except_order.business_id = %(actor_id)s
      LIMIT 10001
    ) AS counted
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
      COUNT(*) AS count_2
    FROM picked
  ) AS found
FROM caller
