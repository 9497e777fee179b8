package authflowtest

// Tampered are the texts that a token becomes when it is cut, or when one of its bytes is another, or something is added: every truncation,
// and at every place all other bytes that text may have. NotText has the rest.
func Tampered(token string) []string {
	var all []string
	for i := range token {
		if i > 0 {
			all = append(all, token[:i])
		}
		for b := byte(1); b < 0x80; b++ {
			if b != token[i] {
				all = append(all, altered(token, i, b))
			}
		}
	}
	return append(all, token+"A", token+"=", "A"+token, token+token)
}

// NotText are the forgeries of a token that no database takes for text: with a byte that is zero, or no UTF-8.
func NotText(token string) []string {
	var all []string
	for i := range token {
		all = append(all, altered(token, i, 0))
		for b := 0x80; b < 0x100; b++ {
			all = append(all, altered(token, i, byte(b)))
		}
	}
	return all
}

func altered(token string, i int, b byte) string { return token[:i] + string([]byte{b}) + token[i+1:] }
