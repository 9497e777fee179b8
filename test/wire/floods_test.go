package wire

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
)

// ended reads until the connection is closed, and tells what the last GOAWAY said, if there was one.
func (f *frames) ended(t *testing.T) (code http2.ErrCode) {
	t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Error("the connection stays open")
			}
			return code
		}
		if goaway, ok := frame.(*http2.GoAwayFrame); ok {
			code = goaway.ErrCode
		}
	}
}

// Requests that are taken back as soon as they are made cost a server more than the client, unless it counts those it works on
// still.
func TestD79RequestsThatAreTakenBackAreBounded(t *testing.T) {
	t.Parallel()
	const requests = 50_000
	started := make(chan struct{}, requests)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	s := newStack(t, map[string]string{"upstream.url": slow.URL})
	s.wantBounded(t, func() {
		f := s.http2(t)
		go func() {
			for range requests {
				stream := f.open(get("/public/reset"), true)
				if err := f.WriteRSTStream(stream, http2.ErrCodeCancel); err != nil {
					return
				}
			}
			_ = f.conn.Close()
		}()
		t.Logf("ended with %v", f.ended(t))
	})
	if n := len(started); n == requests {
		t.Errorf("all %d requests reached the application", n)
	} else {
		t.Logf("%d of %d requests reached the application", n, requests)
	}
}

func TestD79HeadersInPiecesWithoutEndEndTheConnection(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.wantBounded(t, func() {
		f := s.http2(t)
		block := f.block(get("/public/continued"))
		written := make(chan int, 1)
		go func() {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true})
			n := 0
			// A literal header without indexing, name and value of 100 bytes, over and over.
			one := "\x00\x64" + strings.Repeat("a", 100) + "\x64" + strings.Repeat("b", 100)
			piece := []byte(strings.Repeat(one, 80))
			for range 20_000 { // 300 MB, if nobody minds
				if err := f.WriteContinuation(1, false, piece); err != nil {
					break
				}
				n++
			}
			written <- n
		}()
		code := f.ended(t)
		_ = f.conn.Close()
		if n := <-written; n == 20_000 {
			t.Error("nobody minded")
		} else {
			t.Logf("ended with %v after %d pieces", code, n)
		}
	})
	if len(s.app.under("/public/continued")) > 0 {
		t.Error("arrived")
	}
	s.stillServes(t)
}

// A header that is small on the wire and large when it is unpacked.
func TestD79HeadersThatUnpackToMuchAreRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.wantBounded(t, func() {
		for range 20 {
			f := s.http2(t)
			// Put one of 3000 bytes into the table, then name it 10,000 times.
			block := append(f.block(get("/public/bomb")), "\x40\x01a\x7f\xb9\x16"+strings.Repeat("b", 3000)...)
			block = append(block, strings.Repeat("\xbe", 10_000)...)
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, EndStream: true})
			if got := f.await(1); got.status != 431 && got.status != 0 {
				t.Fatalf("%d", got.status)
			}
			_ = f.conn.Close()
		}
	})
	if len(s.app.under("/public/bomb")) > 0 {
		t.Error("arrived")
	}
	several := get("/public/large")
	for i := range 9 {
		several = append(several, fields(fmt.Sprintf("x-%d: %s", i, strings.Repeat("a", 8_000)))...)
	}
	if got := s.roundTrip(t, several, ""); got.status != 431 {
		t.Errorf("72,000 bytes: %d", got.status)
	}
	if got := s.roundTrip(t, get("/public/large", "x-a: "+strings.Repeat("a", 80_000)), ""); got.status != 0 { // the connection ends
		t.Errorf("80,000 bytes in one: %d", got.status)
	}
	if got := s.roundTrip(t, get("/public/large", "x-a: "+strings.Repeat("a", 8_000)), ""); got.status != 200 {
		t.Errorf("the control: %d", got.status)
	}
}

// What has to be answered must not be queued without end for a client that does not read. Of settings, the last acknowledgement
// stands for all.
func TestD79FramesThatWantAnswersAreNotQueued(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	const many = 1_000_000
	s.wantBounded(t, func() {
		f, n := s.http2(t), 0
		for n < many && f.WritePing(false, [8]byte{1}) == nil {
			n++
		}
		_ = f.conn.Close()
		if n == many {
			t.Error("pings: nobody minded")
		} else {
			t.Logf("pings: ended after %d", n)
		}
	})
	s.wantBounded(t, func() {
		f, n := s.http2(t), 0
		for n < many/5 && f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 20000}) == nil {
			n++
		}
		_ = f.conn.Close()
	})
	s.stillServes(t)
}

func TestStreamsBeyondTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	held := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(held.Close)
	var once sync.Once
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	s := newStack(t, map[string]string{"server.max_streams": "50", "upstream.url": held.URL})
	f := s.http2(t)
	for range 60 {
		f.open(get("/public/held"), true)
	}
	refused := 0
	for refused < 10 {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatalf("%d refused: %v", refused, err)
		}
		if reset, ok := frame.(*http2.RSTStreamFrame); ok {
			if reset.ErrCode != http2.ErrCodeRefusedStream && reset.ErrCode != http2.ErrCodeProtocol {
				t.Errorf("%v", reset.ErrCode)
			}
			refused++
		}
	}
	once.Do(func() { close(release) })
	if got := f.await(1); got.status != 200 {
		t.Errorf("the first: %d", got.status)
	}
}

// Answers that nobody reads stay at the application.
func TestAnswersThatAreNotReadAreNotKept(t *testing.T) {
	t.Parallel()
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(100<<20))
		_, _ = io.Copy(w, io.LimitReader(letters{}, 100<<20))
	}))
	t.Cleanup(large.Close)
	s := newStack(t, map[string]string{"upstream.url": large.URL})
	s.wantBounded(t, func() {
		f := s.http2(t)
		var streams []uint32
		for range 100 {
			streams = append(streams, f.open(get("/public/large"), true))
		}
		begun := map[uint32]bool{}
		for len(begun) < len(streams) {
			frame, err := f.ReadFrame()
			if err != nil {
				t.Fatalf("%d answers have begun: %v", len(begun), err)
			}
			if head, ok := frame.(*http2.MetaHeadersFrame); ok {
				begun[head.StreamID] = true
			}
		}
	})
}

// letters is the letter a, without end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
