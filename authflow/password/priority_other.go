//go:build !linux

package password

// standBack does nothing where threads have no priorities of their own.
func standBack() {}
