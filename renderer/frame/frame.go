// Package frame reads and writes the frames of PROTOCOL.md: a 4-byte big-endian length, then UTF-8 JSON.
package frame

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Largest is the size in bytes above which a frame is refused in either direction.
const Largest = 256 << 20

// Conn is one end of the conversation. It is not safe for concurrent use.
type Conn struct {
	in  *bufio.Reader
	out *bufio.Writer
}

// New returns a conversation over two streams.
func New(in io.Reader, out io.Writer) *Conn {
	return &Conn{in: bufio.NewReaderSize(in, 64<<10), out: bufio.NewWriterSize(out, 64<<10)}
}

// Read returns the JSON of the next frame, or io.EOF when the other end has closed between two frames.
func (c *Conn) Read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > Largest {
		return nil, fmt.Errorf("frame of %d bytes is larger than %d", size, Largest)
	}
	// Grows with what really arrives, so that a false length cannot take the memory.
	var body bytes.Buffer
	body.Grow(int(min(size, 1<<20)))
	if _, err := io.CopyN(&body, c.in, int64(size)); err != nil {
		return nil, fmt.Errorf("frame ended early: %w", err)
	}
	return body.Bytes(), nil
}

// Write sends one value as a frame.
func (c *Conn) Write(value any) error {
	body, err := Encode(value)
	if err != nil {
		return err
	}
	if len(body) > Largest {
		return fmt.Errorf("frame of %d bytes is larger than %d", len(body), Largest)
	}
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(body)))
	if _, err := c.out.Write(head[:]); err != nil {
		return err
	}
	if _, err := c.out.Write(body); err != nil {
		return err
	}
	return c.out.Flush()
}

// Encode returns JSON with sorted keys, exact numbers and no HTML escapes.
func Encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}
