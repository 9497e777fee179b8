-- name: HasRows_user
SELECT EXISTS (SELECT 1 FROM {user});

-- name: HasRows_session
SELECT EXISTS (SELECT 1 FROM {session});
