-- name: Remember
INSERT INTO {postern.provider_session} (session_id, user_id, provider, subject, sid, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: ProviderOf
SELECT provider FROM {postern.provider_session} WHERE session_id = $1;

-- name: FindBySID
-- A logout token with both names means the one session, if it is that subject's.
SELECT session_id, user_id FROM {postern.provider_session}
WHERE provider = $1 AND sid = $2 AND ($3 = '' OR subject = $3);

-- name: FindBySubject
SELECT session_id, user_id FROM {postern.provider_session} WHERE provider = $1 AND subject = $2;

-- name: Forget
DELETE FROM {postern.provider_session} WHERE session_id = $1;

-- name: UseLogoutToken
INSERT INTO {postern.logout_token} (id, ends_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;

-- name: NoteLogout
-- The last word about a session counts: logout tokens may overtake each other.
INSERT INTO {postern.provider_logout} AS kept (provider, subject, sid, said_at, ends_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (provider, subject, sid) DO UPDATE SET said_at = excluded.said_at, ends_at = excluded.ends_at
WHERE excluded.said_at > kept.said_at;

-- name: LogoutSince
-- Of the one session, or of all that the subject had.
SELECT said_at FROM {postern.provider_logout}
WHERE provider = $1 AND said_at >= $4 AND (sid <> '' AND sid = $3 AND subject IN ('', $2) OR sid = '' AND subject = $2)
LIMIT 1;

-- name: DeleteGone
-- Not those of the last minutes: their sessions may be in a transaction that is not committed.
DELETE FROM {postern.provider_session} WHERE session_id IN (
    SELECT p.session_id FROM {postern.provider_session} p
    WHERE p.created_at < $1 AND NOT EXISTS (SELECT 1 FROM {session} s WHERE {s:session.id} = p.session_id)
    LIMIT $2
);

-- name: DeleteUsed
DELETE FROM {postern.logout_token} WHERE id IN (SELECT id FROM {postern.logout_token} WHERE ends_at < $1 LIMIT $2);

-- name: DeleteLogouts
DELETE FROM {postern.provider_logout}
WHERE ends_at < $1 AND (provider, subject, sid) IN (SELECT provider, subject, sid FROM {postern.provider_logout} WHERE ends_at < $1 LIMIT $2);
