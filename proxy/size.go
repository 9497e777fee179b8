package proxy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. In text it is a whole number, alone or followed by KB, MB, GB (powers of 1000) or
// KiB, MiB, GiB (powers of 1024), in any case.
type Size int64

// DecodeConfig reads the value as the configuration gives it.
func (s *Size) DecodeConfig(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%v is not a size; write one such as 10MiB", v)
	}
	size, err := ParseSize(text)
	if err != nil {
		return err
	}
	*s = size
	return nil
}

// ParseSize reads a Size.
func ParseSize(text string) (Size, error) {
	digits := strings.TrimRight(text, "BGIKMbgikm ")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, known := sizeUnit(strings.ToLower(strings.TrimSpace(text[len(digits):])))
	if err != nil || !known || n < 0 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is not a size; write one such as 10MiB", text)
	}
	return Size(n * unit), nil
}

func sizeUnit(name string) (int64, bool) {
	switch name {
	case "", "b":
		return 1, true
	case "kb":
		return 1e3, true
	case "mb":
		return 1e6, true
	case "gb":
		return 1e9, true
	case "kib":
		return 1 << 10, true
	case "mib":
		return 1 << 20, true
	case "gib":
		return 1 << 30, true
	}
	return 1, false
}

// String writes the size with the largest unit that divides it.
func (s Size) String() string {
	switch {
	case s != 0 && s%(1<<30) == 0:
		return strconv.FormatInt(int64(s>>30), 10) + "GiB"
	case s != 0 && s%(1<<20) == 0:
		return strconv.FormatInt(int64(s>>20), 10) + "MiB"
	case s != 0 && s%(1<<10) == 0:
		return strconv.FormatInt(int64(s>>10), 10) + "KiB"
	}
	return strconv.FormatInt(int64(s), 10)
}
