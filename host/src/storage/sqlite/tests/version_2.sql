-- What a host of version 2 leaves behind beside the rows of version 1: a write, an attempt, a module.

INSERT INTO writes (kind, sequence, key, attempt, api, method, url, in_doubt, state, status, intended_at, ended_at, response)
VALUES ('event', 4, 'k', 3, 'track-pod', 'POST', 'https://api.track-pod.com/Order', 'verify', 'done', 201, 1400, 1401, x'7b7d');

INSERT INTO settings (number, sha256, text) VALUES (1, x'01', '{"mode":"all"}');

INSERT INTO attempts (kind, sequence, number, module, started_at, ended_at, seed, settings, outcome, trace)
VALUES ('event', 4, 3, 'sha256:01', 1400, 1402, 7, 1, 'retry', x'7b7d');

INSERT INTO modules (digest, bytes) VALUES ('sha256:01', x'7761736d');

INSERT INTO activations (connection, module, configured, by, reason, at)
VALUES ('shop', 'sha256:01', 'sha256:01', 'config', '', 1350);
