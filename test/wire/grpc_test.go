package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/posternhq/postern/test/harness"
)

// startGRPC is a service that says back whatever it hears, with who the caller is in front; that waits forever if it hears "wait";
// and that fails if it hears "fail".
func startGRPC(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		given, _ := metadata.FromIncomingContext(stream.Context())
		who := "nobody"
		if ids := given.Get("x-postern-user-id"); len(ids) > 0 {
			who = ids[0]
		}
		stream.SetTrailer(metadata.Pairs("heard-of", who, "credentials", strconv.Itoa(len(given.Get("authorization"))+len(given.Get("cookie")))))
		for {
			var message wrapperspb.StringValue
			switch err := stream.RecvMsg(&message); {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case message.Value == "fail":
				return status.Error(codes.FailedPrecondition, "100 % refused: ü")
			case message.Value == "wait":
				<-stream.Context().Done()
				return status.FromContextError(stream.Context().Err()).Err()
			}
			if err := stream.SendMsg(wrapperspb.String(who + " said " + message.Value)); err != nil {
				return err
			}
		}
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// call opens a stream both ways.
func call(t *testing.T, ctx context.Context, conn *grpc.ClientConn, method string) grpc.ClientStream {
	t.Helper()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func say(stream grpc.ClientStream, text string) (answer string, err error) {
	if err := stream.SendMsg(wrapperspb.String(text)); err != nil && err != io.EOF { // then RecvMsg knows more
		return "", err
	}
	var message wrapperspb.StringValue
	err = stream.RecvMsg(&message)
	return message.Value, err
}

// gRPC's own client and server, with Postern between them.
func TestGRPCPasses(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"upstream.url": "h2c://" + startGRPC(t)})
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	within, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	asAda := metadata.AppendToOutgoingContext(within, "cookie", s.cookie, "x-postern-user-id", "forged")

	t.Run("messages both ways", func(t *testing.T) {
		stream := call(t, asAda, conn, "/test.Echo/Both")
		for _, text := range []string{"one", "two", "three"} {
			if got, err := say(stream, text); err != nil || got != s.id+" said "+text {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF {
			t.Errorf("the end: %v", err)
		}
		if trailer := stream.Trailer(); len(trailer.Get("heard-of")) != 1 || trailer.Get("heard-of")[0] != s.id || trailer.Get("credentials")[0] != "0" {
			t.Errorf("trailers %v", trailer)
		}
	})
	t.Run("a failure of the service", func(t *testing.T) {
		_, err := say(call(t, asAda, conn, "/test.Echo/Both"), "fail")
		if got := status.Convert(err); got.Code() != codes.FailedPrecondition || got.Message() != "100 % refused: ü" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a deadline", func(t *testing.T) {
		soon, cancel := context.WithTimeout(asAda, 200*time.Millisecond)
		defer cancel()
		if _, err := say(call(t, soon, conn, "/test.Echo/Both"), "wait"); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		_, err := say(call(t, within, conn, "/test.Echo/Both"), "hello")
		if got := status.Convert(err); got.Code() != codes.Unauthenticated || got.Message() != "Sign in to use this resource" {
			t.Errorf("%v", err)
		}
	})
	t.Run("somebody without the role", func(t *testing.T) {
		if _, err := say(call(t, asAda, conn, "/admin/Echo"), "hello"); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%v", err)
		}
	})
	t.Run("no service", func(t *testing.T) {
		gone := newStack(t, map[string]string{"upstream.url": "h2c://127.0.0.1:1"})
		conn, err := grpc.NewClient(gone.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = say(call(t, metadata.AppendToOutgoingContext(within, "cookie", gone.cookie), conn, "/test.Echo/Both"), "hello")
		if got := status.Convert(err); got.Code() != codes.Unavailable || got.Message() != "The application did not answer properly" {
			t.Errorf("%v", err)
		}
	})
}

// A call is silent for longer than a body may be, since it is no body that trickles, and is over soon after its session is: whether it waits
// for an answer or is in the middle of them. Calls of others on the same connection go on.
func TestGRPCStreamsEndWithTheirSessionAndNotBefore(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"upstream.url": "h2c://" + startGRPC(t), "upstream.body_grace": "1s"})
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	within, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	other := harness.NewClient(s.URL)
	other.Post(t, "/api/auth/sign-in/email", map[string]any{"email": "ada@example.com", "password": "correct horse battery"}).Want(t, http.StatusOK)
	asOther := metadata.AppendToOutgoingContext(within, "cookie", harness.SessionCookie+"="+other.Cookie(harness.SessionCookie))

	begun := call(t, asOther, conn, "/test.Echo/Both")
	waiting := call(t, asOther, conn, "/test.Echo/Both")
	of := call(t, metadata.AppendToOutgoingContext(within, "cookie", s.cookie), conn, "/test.Echo/Both")
	for _, stream := range []grpc.ClientStream{begun, of} {
		if got, err := say(stream, "one"); err != nil || got != s.id+" said one" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	time.Sleep(2 * time.Second) // twice the grace of bodies
	if got, err := say(begun, "two"); err != nil || got != s.id+" said two" {
		t.Fatalf("after a silence: %q, %v", got, err)
	}
	if err := waiting.SendMsg(wrapperspb.String("wait")); err != nil {
		t.Fatal(err)
	}

	other.Post(t, "/api/auth/sign-out", map[string]any{}).Want(t, http.StatusOK)
	for name, stream := range map[string]grpc.ClientStream{"a call that has begun to answer": begun, "one that has not": waiting} {
		err := stream.RecvMsg(new(wrapperspb.StringValue))
		if code := status.Code(err); err == nil || err == io.EOF || within.Err() != nil {
			t.Errorf("%s: %v (%s)", name, err, code)
		}
		t.Logf("%s ends with %v", name, err)
	}
	if got, err := say(of, "two"); err != nil || got != s.id+" said two" {
		t.Errorf("another session's call: %q, %v", got, err)
	}
}
