package sessionstore

import "context"

// CreateSession keeps a session, and makes of it what the row is then; see CreateUser. Returns ErrConflict when the id or the token
// is taken, and ErrNotFound when the user is gone.
func (s *Store) CreateSession(ctx context.Context, session *Session) error {
	// The token may have been asked for, and remembered as unknown, before it existed.
	defer s.changed(change{token: session.Token.Key()})
	var kept Session
	args := []any{string(session.ID), string(session.UserID), string(session.Token), session.ExpiresAt,
		s.orNow(session.CreatedAt), s.orNow(session.UpdatedAt), session.IPAddress, session.UserAgent}
	err := s.queryRowFields(ctx, "CreateSession", "session", s.SessionFields().WithDefaults(session.Fields), args, func(scan scanFunc) error {
		return scan(s.sessionColumns(&kept)...)
	})
	if err == nil {
		*session = kept
	}
	return err
}

// FindSession returns the session and its user by one joined query, or ErrNotFound. A session that has expired is returned
// like any other as long as its row is there: the caller compares ExpiresAt.
func (s *Store) FindSession(ctx context.Context, token Token) (*Identity, error) {
	var found Identity
	err := s.queryRow(ctx, "FindSession", []any{string(token)}, func(scan scanFunc) error {
		return scan(append(s.sessionColumns(&found.Session), s.userColumns(&found.User)...)...)
	})
	if err != nil {
		return nil, err
	}
	s.db.foresee(&found.Session)
	return &found, nil
}

// findSessions is FindSession for many tokens, by one query, in PostgreSQL. Tokens without a session are not in the answer.
func (s *Store) findSessions(ctx context.Context, tokens []Token) (map[Token]*Identity, error) {
	plain := make([]string, 0, len(tokens))
	for _, token := range tokens {
		if checkText(string(token)) == nil { // what can not be in the database is not there
			plain = append(plain, string(token))
		}
	}
	found := make(map[Token]*Identity, len(plain))
	err := s.query(ctx, "FindSessions", []any{plain}, func(scan scanFunc) error {
		var one Identity
		if err := scan(append(s.sessionColumns(&one.Session), s.userColumns(&one.User)...)...); err != nil {
			return err
		}
		s.db.foresee(&one.Session)
		found[one.Session.Token] = &one
		return nil
	})
	return found, err
}

// ListSessions returns the user's unexpired sessions, the newest first.
func (s *Store) ListSessions(ctx context.Context, user UserID) ([]Session, error) {
	list := []Session{}
	err := s.query(ctx, "ListSessions", []any{string(user), s.now()}, func(scan scanFunc) error {
		var session Session
		if err := scan(s.sessionColumns(&session)...); err != nil {
			return err
		}
		s.db.foresee(&session)
		list = append(list, session)
		return nil
	})
	return list, err
}

// UpdateSession sets additional fields of a live session, and UpdatedAt, in one statement, and returns the session as it is
// afterwards. Returns ErrNotFound when it has expired or is gone.
func (s *Store) UpdateSession(ctx context.Context, token Token, fields Fields) (Session, error) {
	defer s.changed(change{token: token.Key()})
	var session Session
	err := s.queryRowFields(ctx, "UpdateSession", "session", fields, []any{string(token), s.now()}, func(scan scanFunc) error {
		return scan(s.sessionColumns(&session)...)
	})
	if err == nil {
		s.db.foresee(&session)
	}
	return session, err
}

// DeleteSession tells whether there was such a session, expired or not.
func (s *Store) DeleteSession(ctx context.Context, token Token) (bool, error) {
	defer s.changed(change{token: token.Key(), ends: true})
	deleted, err := s.exec(ctx, "DeleteSession", string(token))
	return deleted > 0, err
}

// DeleteExpiredSession removes the session if it has expired, and tells whether it has. What the cache remembers may be older
// than a renewal by another replica, so the row decides.
func (s *Store) DeleteExpiredSession(ctx context.Context, token Token) (bool, error) {
	defer s.changed(change{token: token.Key(), ends: true})
	deleted, err := s.exec(ctx, "DeleteExpiredSession", string(token), s.now())
	return deleted > 0, err
}

// DeleteSessionByID tells whether that user had such a session. Another user's session is left alone.
func (s *Store) DeleteSessionByID(ctx context.Context, user UserID, id SessionID) (bool, error) {
	defer s.changed(change{user: user, ends: true})
	deleted, err := s.exec(ctx, "DeleteSessionByID", string(user), string(id))
	return deleted > 0, err
}

// DeleteSessions removes all sessions of the user and says how many there were.
func (s *Store) DeleteSessions(ctx context.Context, user UserID) (int64, error) {
	defer s.changed(change{user: user, ends: true})
	return s.exec(ctx, "DeleteSessions", string(user))
}

// DeleteOtherSessions removes all sessions of the user but one, and says how many those were.
func (s *Store) DeleteOtherSessions(ctx context.Context, user UserID, keep Token) (int64, error) {
	defer s.changed(change{user: user, ends: true})
	return s.exec(ctx, "DeleteOtherSessions", string(user), string(keep))
}

// sessionColumns are the destinations of {session.*}.
func (s *Store) sessionColumns(to *Session) []any {
	columns := []any{&to.ID, &to.UserID, &to.Token, &to.ExpiresAt, &to.CreatedAt, &to.UpdatedAt, &to.IPAddress, &to.UserAgent}
	return append(columns, s.db.fieldColumns("session", &to.Fields)...)
}

// SessionFields are the additional fields of sessions, as the settings have them.
func (s *Store) SessionFields() AdditionalFields { return s.db.additional["session"] }
