// Package captcha has a service judge whether a request to certain endpoints comes from a person, as better-auth's captcha plugin does:
// Cloudflare Turnstile, Google reCAPTCHA (v2 and v3), hCaptcha and CaptchaFox.
//
//	page ── widget ── token ──▶ x-captcha-response ──▶ authflow (challenge.go) ──▶ Verifier.Check ──▶ the service's siteverify
//
// It fails closed: when the service does not answer in 10 seconds, the answer is 500 UNKNOWN_ERROR, as in better-auth, a line in the log and a count
// (postern_provider_calls_total{provider="captcha"}).
//
// Differs from better-auth: endpoints are guarded under all their names, /signin as well as /sign-in/email; limits count before the service is asked.
package captcha
