package grpcauthv1_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func Example() {
	request := &grpcauthv1.LoginRequest{Username: "ada", Password: "correct horse", ClientId: "phone"}
	line := fmt.Sprintf("%v", request)
	fmt.Println(strings.Join(strings.Fields(line), " ")) // protobuf varies the spaces
	// Output: username:"ada" password:"[REDACTED]" client_id:"phone"
}

// checklist: B2
func TestMessagesShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, m := range secretMessages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range append(choices(m), m) {
				requireMethods(t, value)
				for how, line := range printed(value) {
					if strings.Contains(line, marker) || strings.Contains(line, hex.EncodeToString([]byte(marker))) {
						t.Errorf("%T by %s: %s", value, how, line)
					}
				}
			}
		})
	}
}

// A secret is covered and nothing else is: an operator still sees who called.
func TestMessagesShowTheRest(t *testing.T) {
	t.Parallel()
	for name, m := range secretMessages(t) {
		covered := proto.Clone(m)
		each(covered.ProtoReflect(), func(in protoreflect.Message, field protoreflect.FieldDescriptor) {
			if marked(field) {
				in.Set(field, protoreflect.ValueOfString("[REDACTED]"))
			}
		})
		want, before := prototext.MarshalOptions{}.Format(covered), proto.Clone(m)
		for how, line := range map[string]string{
			"%v": fmt.Sprintf("%v", m), "%s": fmt.Sprintf("%s", m), "%+v": fmt.Sprintf("%+v", m),
			"an error": fmt.Errorf("%v", m).Error(), "slog": m.(slog.LogValuer).LogValue().String(),
		} {
			if line != want {
				t.Errorf("%s by %s shows %s, want %s", name, how, line, want)
			}
		}
		if fmt.Sprintf("%q", m) != fmt.Sprintf("%q", want) {
			t.Errorf("%s by %%q shows %q", name, m)
		}
		if !proto.Equal(m, before) {
			t.Errorf("%s is not what it was before it was printed", name)
		}
	}
}

// What is covered in a log goes over the wire as it is.
func TestMessagesAreSentWhole(t *testing.T) {
	t.Parallel()
	for name, m := range secretMessages(t) {
		wire, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		back := m.ProtoReflect().New().Interface()
		if err := proto.Unmarshal(wire, back); err != nil || !proto.Equal(m, back) || !bytes.Contains(wire, []byte(marker)) {
			t.Errorf("%s comes back without its secrets: %v", name, err)
		}
	}
}

// A client newer than we are may send a secret in a field that we don't know.
func TestUnknownFieldsAreNotShown(t *testing.T) {
	t.Parallel()
	for name, m := range secretMessages(t) {
		m.ProtoReflect().SetUnknown(append([]byte{0xfa, 0x7f, byte(len(marker))}, marker...)) // field 2047
		if line := fmt.Sprint(m); strings.Contains(line, marker) || strings.Contains(line, "2047") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestNilMessagesArePrinted(t *testing.T) {
	t.Parallel()
	for name, m := range secretMessages(t) {
		none := m.ProtoReflect().Type().Zero().Interface()
		if line := fmt.Sprint(none); line != "<nil>" {
			t.Errorf("%s: %s", name, line)
		}
		if line := none.(slog.LogValuer).LogValue().String(); line != "<nil>" {
			t.Errorf("%s: %s", name, line)
		}
	}
	if line := fmt.Sprint((*grpcauthv1.RevokeTokenRequest_ClientSecret)(nil)); line != "" {
		t.Error(line)
	}
}

func requireMethods(t *testing.T, value any) {
	t.Helper()
	_, formats := value.(fmt.Formatter)
	_, logs := value.(slog.LogValuer)
	if !formats || !logs {
		t.Errorf("%T may hold a secret: give it Format and LogValue in redactmethods.go", value)
	}
}

// printed is a value in the ways that logs and errors print it.
func printed(value any) map[string]string {
	lines := map[string]string{
		"an error":         fmt.Errorf("answering: %v", value).Error(),
		"errors joined":    errors.Join(fmt.Errorf("%+v", value), fmt.Errorf("%s", value)).Error(),
		"fmt.Sprintln":     fmt.Sprintln(value),
		"fmt.Append":       string(fmt.Append(nil, value)),
		"slog as text":     logged(func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) }, value),
		"slog as JSON":     logged(func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) }, value),
		"slog as text, in": logged(func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) }, []any{value}),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%#q", "%d", "%x", "% x", "%t", "%z"} {
		lines[verb] = fmt.Sprintf(verb, value)
		lines[verb+" in a struct"] = fmt.Sprintf(verb, struct{ Request any }{value})
		lines[verb+" in a slice"] = fmt.Sprintf(verb, []any{value})
	}
	lines["% x"] = strings.ReplaceAll(lines["% x"], " ", "")
	return lines
}

func logged(handler func(*bytes.Buffer) slog.Handler, value any) string {
	var out bytes.Buffer
	log := slog.New(handler(&out))
	log.Info("called", "request", value)
	log.With("request", value).WithGroup("call").Info("called", slog.Group("in", "request", value))
	return out.String()
}
