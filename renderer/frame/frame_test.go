package frame

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var wire bytes.Buffer
	conn := New(&wire, &wire)
	for _, value := range []any{map[string]any{"b": "<&>é", "a": 1}, []any{}, strings.Repeat("x", 200_000)} {
		if err := conn.Write(value); err != nil {
			t.Fatal(err)
		}
		want, _ := Encode(value)
		got, err := conn.Read()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v %.60s", err, got)
		}
	}
	if text, _ := Encode(map[string]any{"b": "<&>", "a": 1}); string(text) != `{"a":1,"b":"<&>"}` {
		t.Errorf("%s", text)
	}
	if _, err := conn.Read(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestBrokenFrames(t *testing.T) {
	for name, wire := range map[string]string{
		"too large": "\xff\xff\xff\xff{}", "cut head": "\x00\x00", "cut body": "\x00\x00\x00\x05{}", "large and cut": "\x0f\xff\xff\xff{}",
	} {
		if body, err := New(strings.NewReader(wire), io.Discard).Read(); err == nil {
			t.Errorf("%s: %q %v", name, body, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		conn := New(bytes.NewReader(wire), io.Discard)
		for {
			if _, err := conn.Read(); err != nil {
				return
			}
		}
	})
}
