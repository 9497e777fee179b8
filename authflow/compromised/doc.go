// Package compromised tells whether a new password is one that others have lost already, so that it is refused (NIST SP 800-63B-4 §3.1.1.2, OWASP
// ASVS 5 §6.2.4 and §6.2.12).
//
//	password ──▶ Checker.Compromised ──┬─ list.go   a list of what everybody tries first, in the program
//	                                   └─ range.go  Have I Been Pwned, or a mirror of it: the range API
//
// The range API is asked as better-auth's haveibeenpwned plugin asks it: it gets the first five of forty hexadecimal digits of the password's SHA-1, and answers
// with some hundred endings, padded so that the length of the answer tells nothing. SHA-1 protects nothing here; it is what the API is indexed by.
//
// Differs from better-auth: when the service does not answer, the password is taken, with a warning and a metric
// (postern_compromised_passwords_total{result="unavailable"}). better-auth answers 500, so that nobody can sign up, or set a new password after a theft, while
// somebody else's service is away. The list still counts then.
package compromised
