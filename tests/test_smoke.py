def test_smoke(world):
    m, c = world.merchant(), world.customer()
    for s in (0, 1, 2, 3, 4, -1):
        o = world.order(m, c, s)
        assert o["status"] == s
        print(o)
    print(m.get("/orders").json())
    print(m.get("/orders/counts").json())
    print(m.get(f"/orders/{o['id']}/events").json())
    for st in ("applied", "withdrawn", "refused", "awaiting_return", "awaiting_receipt", "refunded"):
        print(world.ticket(m, c, st))
    print(m.get("/except-orders").json()["items"][0])
    print(m.get("/skus").json()["items"][0])
    print(m.get("/products").json()["items"][0])
