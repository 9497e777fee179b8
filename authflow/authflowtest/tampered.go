package authflowtest

// Tampered are the texts that a token becomes when it is cut, or when one of its bytes is another: every truncation, at every place
// several other bytes, and at the last place each character of base64url, of which some may stand for the same bits.
func Tampered(token string) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var all []string
	for i := range token {
		if i > 0 {
			all = append(all, token[:i])
		}
		others := []byte{token[i] ^ 0x01, token[i] ^ 0x20, 'A', '.', '='}
		if i == len(token)-1 {
			others = append(others, alphabet...)
		}
		for _, b := range others {
			if b != token[i] && b > ' ' && b < 0x7f {
				all = append(all, token[:i]+string(rune(b))+token[i+1:])
			}
		}
	}
	return append(all, token+"A", token+"=", "A"+token, token+token)
}
