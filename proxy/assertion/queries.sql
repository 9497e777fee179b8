-- name: ListKeys
SELECT id, algorithm, public_key, private_key, signs_from FROM {postern.assertion_key} ORDER BY signs_from DESC, id;

-- name: CreateKey
INSERT INTO {postern.assertion_key} (id, algorithm, public_key, private_key, signs_from) VALUES ($1, $2, $3, $4, $5);

-- name: Reseal
UPDATE {postern.assertion_key} SET private_key = $2 WHERE id = $1;

-- name: DeleteKey
DELETE FROM {postern.assertion_key} WHERE id = $1;
