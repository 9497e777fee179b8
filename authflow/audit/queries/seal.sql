-- name: LastSeal
SELECT seq, previous, hash, signature, sealed_at, since_at, newest_at, events FROM {postern.audit_seal} ORDER BY seq DESC LIMIT 1;

-- name: SealsAfter
SELECT seq, previous, hash, signature, sealed_at, since_at, newest_at, events FROM {postern.audit_seal} WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: Claim
UPDATE {postern.audit_event} SET seal = $1 WHERE id IN (
    SELECT id FROM {postern.audit_event} WHERE seal IS NULL ORDER BY at, id LIMIT $2
);

-- name: InsertSeal
INSERT INTO {postern.audit_seal} (seq, previous, hash, signature, sealed_at, since_at, newest_at, events)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (seq) DO NOTHING;

-- name: OfSeal
SELECT id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, device, place, mac, seal
FROM {postern.audit_event} WHERE seal = $1 ORDER BY at, id;

-- name: Between
SELECT id, at, event, outcome, user_id, actor_id, session_id, account, ip_address, user_agent, request_id, reason, device, place, mac, seal
FROM {postern.audit_event}
WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3 AND ($4 = '' OR event = $4) AND ($5 = '' OR user_id = $5)
ORDER BY at, id LIMIT $6;

-- name: Unsealed
SELECT COUNT(*), COALESCE(SUM(CASE WHEN at < $1 THEN 1 ELSE 0 END), 0) FROM {postern.audit_event} WHERE seal IS NULL;

-- name: Orphans
SELECT COUNT(*) FROM {postern.audit_event} e
WHERE e.seal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {postern.audit_seal} s WHERE s.seq = e.seal);

-- name: DeleteSeals
DELETE FROM {postern.audit_seal} WHERE seq IN (
    SELECT s.seq FROM {postern.audit_seal} s
    WHERE s.seq < COALESCE((SELECT MIN(seq) FROM {postern.audit_seal} WHERE newest_at >= $1), (SELECT MAX(seq) FROM {postern.audit_seal}))
        AND NOT EXISTS (SELECT 1 FROM {postern.audit_event} e WHERE e.seal = s.seq)
    ORDER BY s.seq LIMIT $2
);
