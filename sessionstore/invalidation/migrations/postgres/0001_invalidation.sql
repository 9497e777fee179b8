-- Whose remembered sessions are out of date: written by triggers (../../triggers), in the transaction of the change, whoever makes it. A new table and
-- functions: nothing that exists is touched.
CREATE TABLE {postern.invalidation} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(), -- so that a reader knows which ones it can not have seen yet
    user_id text,                                    -- null: everybody
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz                              -- when the clean-up met it: it may have become visible long after "at"
);
CREATE INDEX invalidation_xact_idx ON {postern.invalidation} (xact);

-- The functions run as the role that made them: who else writes to users and sessions needs no right on the schema.
CREATE FUNCTION {postern.invalidate}(users text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    IF users IS NULL THEN
        RETURN;
    ELSIF cardinality(users) > 1000 THEN
        INSERT INTO {postern.invalidation} (user_id) VALUES (NULL);
    ELSE
        INSERT INTO {postern.invalidation} (user_id) SELECT unnest(users);
    END IF;
    PERFORM pg_notify('postern_invalidation', ''); -- of equal ones in a transaction one is sent
END
$fill$;
REVOKE ALL ON FUNCTION {postern.invalidate}(text[]) FROM PUBLIC;

CREATE FUNCTION {postern.invalidate_everybody}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    INSERT INTO {postern.invalidation} (user_id) VALUES (NULL);
    PERFORM pg_notify('postern_invalidation', '');
    RETURN NULL;
END
$fill$;

-- A session that has expired opens nothing, so its removal is no news. A column without time zone is read in the writer's, hence the margin.
CREATE FUNCTION {postern.sessions_deleted}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    PERFORM {postern.invalidate}((
        SELECT array_agg(DISTINCT {gone:session.userId}) FROM gone WHERE {gone:session.expiresAt} > now() - interval '15 hours'
    ));
    RETURN NULL;
END
$fill$;

-- A renewal, which moves the expiry further away and nothing else, is no news either: renewals are frequent.
CREATE FUNCTION {postern.sessions_updated}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    PERFORM {postern.invalidate}((
        SELECT array_agg(DISTINCT owner) FROM was JOIN became ON {was:session.id} = {became:session.id},
            unnest(ARRAY[{was:session.userId}, {became:session.userId}]) owner
        WHERE {became:session.expiresAt} < {was:session.expiresAt}
            OR to_jsonb(was) - {literal session.expiresAt} - {literal session.updatedAt}
                IS DISTINCT FROM to_jsonb(became) - {literal session.expiresAt} - {literal session.updatedAt}
    ));
    RETURN NULL;
END
$fill$;

CREATE FUNCTION {postern.users_deleted}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    PERFORM {postern.invalidate}((SELECT array_agg({gone:user.id}) FROM gone));
    RETURN NULL;
END
$fill$;

CREATE FUNCTION {postern.users_updated}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fill$
BEGIN
    PERFORM {postern.invalidate}((
        SELECT array_agg({was:user.id}) FROM was LEFT JOIN became ON {was:user.id} = {became:user.id}
        WHERE to_jsonb(was) IS DISTINCT FROM to_jsonb(became)
    ));
    RETURN NULL;
END
$fill$;
