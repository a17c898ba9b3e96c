-- What a host of version 3 leaves behind beside the rows of versions 1 and 2: a job, and what it found.

INSERT INTO jobs (connection, kind, scope_from, scope_to, names, state, step, pages, checked, events, new_events, findings,
    new_findings, resolved, tallies, started_at, updated_at, ended_at)
VALUES ('shop', 'reconcile', 0, 1000, '[]', 'done', 0, 1, 7, 0, 0, 1, 1, 0, '[]', 1500, 1501, 1501);

INSERT INTO findings (connection, id, kind, severity, certainty, subject, message, left_side, right_side, first_job,
    first_seen_at, last_job, last_seen_at, scope_from, scope_to, state)
VALUES ('shop', 'order-1/cash', 'cash-differs', 'warning', 'confirmed', 'order-1', 'the cash differs',
    '{"system":"ghl","id":"p-1","value":null,"amount":null}', '{"system":"track-pod","id":"tp-1","value":null,"amount":null}',
    1, 1501, 1, 1501, 0, 1000, 'open');
