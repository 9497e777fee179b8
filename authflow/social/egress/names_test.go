package egress_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// names is a DNS server on this machine. It answers each question of a name with the next of its answers, and goes on with the last.
type names struct {
	mu      sync.Mutex
	answers []netip.Addr
	asked   int
}

// resolver asks n and nobody else.
func (n *names) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { n.serve(server) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func (n *names) serve(server net.PacketConn) {
	question := make([]byte, 512)
	for {
		size, from, err := server.ReadFrom(question)
		if err != nil {
			return
		}
		_, _ = server.WriteTo(n.answer(question[:size]), from)
	}
}

// answer is a message of RFC 1035 §4: the question again, and one record with the address if it is of the kind that was asked for.
func (n *names) answer(message []byte) []byte {
	const header, typeA, typeAAAA = 12, 1, 28
	end := header
	for message[end] != 0 {
		end += int(message[end]) + 1
	}
	kind := binary.BigEndian.Uint16(message[end+1:])
	reply := append([]byte(nil), message[:end+5]...)
	copy(reply[2:12], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}) // an answer; one question, no records
	addr := n.next(kind == typeA)
	if addr.Is4() && kind != typeA || addr.Is6() && kind != typeAAAA {
		return reply
	}
	reply[7] = 1
	reply = append(reply, 0xc0, header)                // the name that stands in the question
	reply = binary.BigEndian.AppendUint16(reply, kind) // type
	reply = append(reply, 0, 1, 0, 0, 0, 0)            // class IN, to be kept for no time at all
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(addr.AsSlice())))
	return append(reply, addr.AsSlice()...)
}

// next moves on with each question for IPv4 addresses; the one for IPv6 that comes beside it gets the same answer.
func (n *names) next(moves bool) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr := n.answers[min(n.asked, len(n.answers)-1)]
	if moves {
		n.asked++
	}
	return addr
}
