SELECT
  except_order.id
FROM except_order
WHERE
  except_order.id > %(last)s
  AND except_order.status = 1
  AND except_order.close_time IS NULL
  AND except_order.deliver_time IS NULL
  AND %(return_goods)s > 0
  AND COALESCE(
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
  ) < %(now)s - %(return_goods)s
ORDER BY
  except_order.id
LIMIT %(chunk)s
