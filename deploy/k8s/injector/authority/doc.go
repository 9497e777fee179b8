// Package authority keeps a webhook's certificate, and tells the API server whom to believe about it.
//
//	state.go   authorities and certificate, as they are kept in a secret
//	next.go    what they should be now: a pure function of what they are, of what API servers believe, and of the time
//	issue.go   new authorities and certificates
//	keeper.go  does it, again and again, beside other replicas that do the same
//
// An authority is changed in three steps, so that at no moment a certificate is shown that somebody does not believe yet, or no longer:
// a new one is published beside the old one; when every API server has heard of it (Settings.Settle), a certificate is issued by it; when every
// replica shows that certificate (as long again), the old one is dropped.
//
// There is no leader. Replicas write the secret on condition that it is as they read it, so that of several that do the same only one succeeds, and the
// others find on the next look that all is done.
package authority
