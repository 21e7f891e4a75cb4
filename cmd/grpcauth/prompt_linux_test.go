package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is a pseudo-terminal: the program's end, and the person's.
func terminal(t *testing.T) (program, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program, person
}

// typist types a line as soon as it is asked for one, and keeps what the
// screen shows.
type typist struct {
	keyboard io.Writer
	lines    []string
	screen   bytes.Buffer
}

func (p *typist) Write(text []byte) (int, error) {
	p.screen.Write(text)
	if bytes.HasSuffix(text, []byte(": ")) && len(p.lines) > 0 {
		line := p.lines[0]
		p.lines = p.lines[1:]
		if _, err := io.WriteString(p.keyboard, line); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// checklist: B2
func TestAPasswordThatIsTypedIsNotShown(t *testing.T) {
	t.Parallel()
	program, person := terminal(t)
	typing := &typist{keyboard: person, lines: []string{goodPassword + "\r", "correct hx\x7forse battery\r"}} // with a slip mended
	p := &process{stdin: program, stdout: io.Discard, stderr: typing}
	secret, err := p.newPassword(false)
	if err != nil || secret != goodPassword {
		t.Fatalf("got %q, %v", secret, err)
	}
	if got := typing.screen.String(); got != "Password: \r\nOnce more: \r\n" {
		t.Errorf("the screen shows %q", got)
	}
	// What the terminal echoes is read at the person's end, up to a mark that
	// is written after everything else.
	if _, err := io.WriteString(program, "END"); err != nil {
		t.Fatal(err)
	}
	if echoed := readUntil(t, person, "END"); echoed != "END" {
		t.Errorf("the terminal echoed %q", echoed)
	}
}

func readUntil(t *testing.T, r io.Reader, mark string) string {
	t.Helper()
	var read []byte
	for buf := make([]byte, 64); !bytes.Contains(read, []byte(mark)); {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, buf[:n]...)
	}
	return string(read)
}

func TestThePromptLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"two passwords that differ", []string{goodPassword + "\r", goodPassword + "!\r"}, "the two passwords differ: try again"},
		{"Ctrl-C", []string{"corr\x03"}, "cancelled: nothing was changed"},
		{"Ctrl-C at the second", []string{goodPassword + "\r", "\x03"}, "cancelled: nothing was changed"},
		{"Ctrl-D", []string{"\x04"}, "cancelled: nothing was changed"},
		{"a weak one", []string{"1234567\r", "1234567\r"}, "password: use at least 8 characters"},
		{"a good one", []string{goodPassword + "\r", goodPassword + "\r"}, ""},
	} {
		program, person := terminal(t)
		before, err := term.GetState(int(program.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		p := &process{stdin: program, stdout: io.Discard, stderr: &typist{keyboard: person, lines: c.lines}}
		_, err = p.newPassword(false)
		if got := fmt.Sprint(err); got != c.want && !(err == nil && c.want == "") {
			t.Errorf("%s: got %s", c.name, got)
		}
		after, err := term.GetState(int(program.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		if *after != *before {
			t.Errorf("%s: the terminal hides what is typed afterwards", c.name)
		}
	}
}
