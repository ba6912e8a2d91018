SELECT
  except_order.id
FROM except_order
WHERE
  except_order.id > %(last)s
  AND except_order.status = 0
  AND except_order.close_time IS NULL
  AND (
    SELECT
      refund_offer.back_cost
    FROM refund_offer
    WHERE
      refund_offer.ticket_id = except_order.id
  ) IS NOT NULL
  AND %(consent)s > 0
  AND (
    SELECT
      refund_offer.time
    FROM refund_offer
    WHERE
      refund_offer.ticket_id = except_order.id
  ) < %(now)s - %(consent)s
ORDER BY
  except_order.id
LIMIT %(chunk)s
