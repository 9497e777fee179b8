package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below those that systems give to outgoing connections (32768 on Linux, 49152 elsewhere), so that a
// server that is down for a moment finds its port free when it comes back.
const (
	firstPort = 20000
	portCount = 10000
)

var taken struct {
	sync.Mutex
	ports map[int]bool
}

// freePort returns a port on which nobody listens, never the same twice.
func freePort() (int, error) {
	taken.Lock()
	defer taken.Unlock()
	if taken.ports == nil {
		taken.ports = map[int]bool{}
	}
	for range portCount {
		port := firstPort + rand.N(portCount)
		if taken.ports[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // somebody else's
		}
		taken.ports[port] = true
		return port, listener.Close()
	}
	return 0, errors.New("no port is free")
}
