-- What a host of version 1 leaves behind: work in every state of its time, a receipt, entries and cursors.

INSERT INTO deliveries (connection, source, id, received_at, headers, body, state, attempts, not_before, reason, module, ended_at)
VALUES ('shop', 'ghl', 'hook-done', 1000, '[{"name":"content-type","value":"application/json"}]', x'7b7d', 'done', 0, NULL, NULL, NULL, 1100),
       ('shop', 'ghl', 'hook-new', 2000, '[]', x'7b2261223a317d', 'waiting', 0, NULL, NULL, NULL, NULL),
       ('shop', 'track-pod', 'hook-tried', 2001, '[]', x'5b5d', 'waiting', 2, 9000, 'the vendor is down', 'sha256:01', NULL),
       ('shop', 'track-pod', 'hook-parked', 2002, '[]', x'5b5d', 'parked', 0, NULL, 'the key is refused', 'sha256:01', NULL),
       ('shop', 'track-pod', 'hook-dead', 2003, '[]', x'00ff', 'dead', 1, NULL, 'this is no delivery', 'sha256:01', 2100);

INSERT INTO events (connection, id, source, subject, occurred_at, received_at, origin, raw, change, state, attempts, not_before, reason, receipt, module, ended_at)
SELECT 'shop', id, 'ghl', subject, 900, 1100, 'delivery 1', '{"amount": 150.10}',
       '{"Transaction":{"id":"' || id || '","amount":{"amount":{"units":15010,"exponent":2},"currency":"USD"},"refunded":null,'
       || '"status":{"Other":"in_review"},"settles":[],"customer":null,"method":null,"charge_id":null,"live":true,'
       || '"created_at":null,"updated_at":null}}',
       state, attempts, not_before, reason, receipt, module, ended_at
FROM (
    SELECT 'done' AS id, 'order-1' AS subject, 'done' AS state, 1 AS attempts, NULL AS not_before, NULL AS reason,
           '{"Done":{"effects":[{"verb":"Created","system":"track-pod","kind":"order","id":"tp-1","summary":"created a delivery",'
           || '"amount":null,"link":null}],"follow_ups":[],"alerts":[]}}' AS receipt, 'sha256:01' AS module, 1200 AS ended_at
    UNION ALL SELECT 'skipped', 'order-1', 'skipped', 0, NULL, 'a test order', '{"Skipped":"a test order"}', 'sha256:01', 1201
    UNION ALL SELECT 'new', 'order-2', 'waiting', 0, NULL, NULL, NULL, NULL, NULL
    UNION ALL SELECT 'tried', 'order-3', 'waiting', 3, 9001, 'the vendor is down', NULL, 'sha256:01', NULL
    UNION ALL SELECT 'parked', 'order-4', 'parked', 1, NULL, 'the key is refused', NULL, 'sha256:01', NULL
    UNION ALL SELECT 'dead', 'order-5', 'dead', 20, NULL, 'given up after 20 attempts', NULL, 'sha256:01', 1300
);

INSERT INTO entries (connection, key, value, version)
VALUES ('shop', 'order/1', x'763031', 4), ('shop', 'order/removed', NULL, 2);

INSERT INTO cursors (connection, trigger, cursor, moved_at)
VALUES ('shop', 'transactions', 'page-7', 1500), ('shop', 'orders', NULL, 1501);
