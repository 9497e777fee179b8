package sessionstore

import "context"

// CreateVerification stores a secret that proves something once. Several may share an identifier.
func (s *Store) CreateVerification(ctx context.Context, v Verification) error {
	_, err := s.exec(ctx, "CreateVerification", string(v.ID), v.Identifier, v.Value, v.ExpiresAt, s.orNow(v.CreatedAt), s.orNow(v.UpdatedAt))
	return err
}

// FindVerification returns the latest unexpired one with the identifier, or ErrNotFound. It uses nothing up.
func (s *Store) FindVerification(ctx context.Context, identifier string) (Verification, error) {
	var v Verification
	err := s.queryRow(ctx, "FindVerification", []any{identifier, s.now()}, func(scan scanFunc) error {
		return scan(verificationColumns(&v)...)
	})
	return v, err
}

// FindLatestVerification is FindVerification that returns an expired one too, for a caller who can say more of it than that it is
// not there.
func (s *Store) FindLatestVerification(ctx context.Context, identifier string) (Verification, error) {
	var v Verification
	err := s.queryRow(ctx, "FindLatestVerification", []any{identifier}, func(scan scanFunc) error {
		return scan(verificationColumns(&v)...)
	})
	return v, err
}

// DeleteVerification removes one, expired or not, and tells whether it was there: of any number of concurrent calls one is told so.
func (s *Store) DeleteVerification(ctx context.Context, id VerificationID) (bool, error) {
	deleted, err := s.exec(ctx, "DeleteVerification", string(id))
	return deleted > 0, err
}

// ConsumeVerification deletes what the identifier names and returns it, or ErrNotFound when there is nothing unexpired.
// One conditional statement decides, so of any number of concurrent calls one succeeds. Where several share the
// identifier all are used up and the latest is returned: otherwise two callers could each redeem one.
func (s *Store) ConsumeVerification(ctx context.Context, identifier string) (Verification, error) {
	var latest Verification
	found := false
	err := s.query(ctx, "ConsumeVerification", []any{identifier, s.now()}, func(scan scanFunc) error {
		var v Verification
		if err := scan(verificationColumns(&v)...); err != nil {
			return err
		}
		if !found || v.CreatedAt.After(latest.CreatedAt) {
			latest, found = v, true
		}
		return nil
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return latest, err
}

// verificationColumns are the destinations of {verification.*}.
func verificationColumns(v *Verification) []any {
	return []any{&v.ID, &v.Identifier, &v.Value, &v.ExpiresAt, &v.CreatedAt, &v.UpdatedAt}
}
