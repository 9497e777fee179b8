-- name: FindSessions
SELECT {s:session.*}, {u:user.*}
FROM {session} s JOIN {user} u ON {u:user.id} = {s:session.userId}
WHERE {s:session.token} = ANY($1);
