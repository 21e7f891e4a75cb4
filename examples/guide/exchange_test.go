package guide_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/revocation"
)

// exchange is one call and what comes back, as the page shows them.
type exchange struct {
	method      string // of guide.v1: "ShopService/PlaceOrder"
	requests    []string
	token       *bearer // nil: none is sent
	certificate string  // whose the connection is: "ada", or "" for nobody's
	revocation  error   // what the server's revocation.Checker answers
	want        grpcauthv1.Reason
}

// checkerSays names what a Checker answers.
var checkerSays = map[error]string{
	revocation.ErrRevoked: "revocation.ErrRevoked",
	revocation.ErrStale:   "revocation.ErrStale",
}

// full is the method as gRPC names it.
func (x *exchange) full() string {
	if strings.HasPrefix(x.method, "grpc.") {
		return "/" + x.method
	}
	return "/guide.v1." + x.method
}

// run makes the call and writes down what went and what came.
func (x *exchange) run(t *testing.T, conn *grpc.ClientConn) string {
	t.Helper()
	var page strings.Builder
	fmt.Fprintf(&page, "call    %s %s\n", strings.TrimPrefix(x.full(), "/"), strings.Join(x.requests, " then "))
	ctx := t.Context()
	if x.certificate != "" {
		fmt.Fprintf(&page, "client  certificate x5t#S256 %s\n", thumbprint(t, x.certificate))
	}
	if name, ok := checkerSays[x.revocation]; ok {
		fmt.Fprintf(&page, "server  its Checker says %s\n", name)
	}
	if x.token != nil {
		raw := x.token.mint(t)
		fmt.Fprintf(&page, "token   %s\n", show(t, raw))
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+raw)
	} else {
		page.WriteString("token   none\n")
	}
	begun := time.Now()
	answers, header, err := x.call(ctx, t, conn)
	if got := fault.FromStatus(err); got != x.want || (err != nil) != (x.want != 0) {
		t.Errorf("%s %s: %v, want %s", x.method, x.requests, err, x.want)
	}
	page.WriteString(outcome(t, answers, time.Since(begun), err))
	for _, challenge := range header.Get("www-authenticate") {
		fmt.Fprintf(&page, "        www-authenticate: %s\n", challenge)
	}
	return page.String()
}

// call makes a call of any shape and gives all answers.
func (x *exchange) call(ctx context.Context, t *testing.T, conn *grpc.ClientConn) (answers []string, header metadata.MD, err error) {
	t.Helper()
	md := descriptor(t, x.full())
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: md.IsStreamingClient(), ServerStreams: md.IsStreamingServer()}, x.full())
	if err != nil {
		return nil, nil, err
	}
	for _, text := range x.requests {
		req := message(t, md.Input())
		if err := protojson.Unmarshal([]byte(text), req); err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(req); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for {
		res := message(t, md.Output())
		if err = stream.RecvMsg(res); err != nil {
			break
		}
		text, err := protojson.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, compact(t, text))
		if !md.IsStreamingServer() {
			break
		}
	}
	header, _ = stream.Header() // there is none when the connection broke, which err tells
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return answers, header, err
}

// outcome is what the client was told.
func outcome(t *testing.T, answers []string, took time.Duration, err error) string {
	t.Helper()
	var page strings.Builder
	answer := "answer  "
	if all := slices.Compact(slices.Clone(answers)); len(all) > 0 && (err != nil || len(answers) > 1) {
		fmt.Fprintf(&page, "%s%d times %s\n", answer, len(answers), strings.Join(all, " "))
		answer = fmt.Sprintf("        after %s: ", took)
		answers = nil
	}
	if err == nil {
		fmt.Fprintf(&page, "%s\n", strings.TrimRight(answer+"OK "+strings.Join(answers, " "), " "))
		return page.String()
	}
	st := status.Convert(err)
	info := soleInfo(t, st)
	fmt.Fprintf(&page, "%s%s %s: %s\n", answer, code.Code(st.Code()), info.GetReason(), st.Message())
	if len(info.GetMetadata()) > 0 {
		text, err := json.Marshal(info.GetMetadata())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&page, "        metadata: %s\n", text)
	}
	return page.String()
}

// soleInfo is the one detail that a refusal carries.
func soleInfo(t *testing.T, st *status.Status) *errdetails.ErrorInfo {
	t.Helper()
	details := st.Details()
	if len(details) != 1 {
		t.Fatalf("%v has %d details: the page shows one", st, len(details))
	}
	info, ok := details[0].(*errdetails.ErrorInfo)
	if !ok || info.GetDomain() != fault.Domain {
		t.Fatalf("the detail is %v", details[0])
	}
	return info
}

func descriptor(t *testing.T, full string) protoreflect.MethodDescriptor {
	t.Helper()
	service, name, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + name))
	if err != nil {
		t.Fatal(err)
	}
	return found.(protoreflect.MethodDescriptor)
}

func message(t *testing.T, md protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	mt, err := protoregistry.GlobalTypes.FindMessageByName(md.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return mt.New().Interface()
}

// compact is JSON in one line: protojson varies the spaces on purpose.
func compact(t *testing.T, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
