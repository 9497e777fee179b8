-- name: FindUser
SELECT {user.*} FROM {user} WHERE {user.id} = $1;

-- name: FindUserByEmail
SELECT {user.*} FROM {user} WHERE {user.email} = $1;

-- name: CreateUser
INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.image}, {user.createdAt}, {user.updatedAt}{user.more columns})
VALUES ($1, $2, $3, $4, $5, $6, $7{user.more values})
RETURNING {user.*};

-- name: UpdateUser
UPDATE {user}
SET {user.name} = COALESCE($2, {user.name}),
    {user.image} = CASE WHEN $3 THEN $4 ELSE {user.image} END,
    {user.email} = COALESCE($5, {user.email}),
    {user.emailVerified} = COALESCE($6, {user.emailVerified}),
    {user.updatedAt} = $7{user.more assignments}
WHERE {user.id} = $1 AND {user.email} = COALESCE($8, {user.email})
RETURNING {user.*};

-- name: LiftBan
-- needs: user.banned user.banReason user.banExpires
UPDATE {user} SET {user.banned} = false, {user.banReason} = NULL, {user.banExpires} = NULL, {user.updatedAt} = $2
WHERE {user.id} = $1 AND {user.banned} AND {user.banExpires} <= $2;

-- name: DeleteUser
DELETE FROM {user} WHERE {user.id} = $1;

-- name: ListUsers
SELECT {user.*} FROM {user} WHERE {user.where} ORDER BY {user.order};

-- name: CountUsers
SELECT count(*) FROM {user} WHERE {user.where};
