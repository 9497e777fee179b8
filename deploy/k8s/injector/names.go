package injector

import (
	"regexp"
	"strconv"
)

var (
	// RFC 6335 §5.1, in lower case.
	portName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$`)
	// A DNS subdomain, as names of most objects are: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/.
	objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	// What resource.ParseQuantity accepts, but for exponents and signs: nobody asks for a negative CPU.
	quantityForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$`)
)

func isObjectName(s string) bool { return len(s) <= 253 && objectName.MatchString(s) }

func isQuantity(s string) bool { return quantityForm.MatchString(s) }

var units = map[string]float64{
	"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
}

// amount is what a valid quantity comes to.
func amount(s string) float64 {
	parts := quantityForm.FindStringSubmatch(s)
	if parts == nil {
		return 0
	}
	number, _ := strconv.ParseFloat(parts[1], 64) // digits, by its form
	return number * units[parts[2]]
}
