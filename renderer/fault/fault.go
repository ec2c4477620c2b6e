// Package fault holds the one error type that leaves the renderer: a closed code, one line of words and a place.
package fault

import (
	"fmt"
	"strings"
)

// Fault is an error a person can act on. Code is one of the list in src/errors.ts; Line counts from 1, 0 where unknown.
type Fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

func (f *Fault) Error() string {
	if f.File == "" {
		return f.Message
	}
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// New returns a fault at a place; file may be empty and line 0 where there is none.
func New(code, file string, line int, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: OneLine(fmt.Sprintf(format, args...)), File: file, Line: line}
}

// Do returns the fault with what a person can do about it.
func (f *Fault) Do(remedy string) *Fault {
	f.Remedy = remedy
	return f
}

// OneLine folds white space and control characters, so that text of a tenant cannot fake a second line.
func OneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029:
			return ' '
		case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
			return '\uFFFD'
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// Quote shows a piece of a tenant's text inside a message: one line, at most 120 characters, in quotes.
func Quote(text string) string {
	short := []rune(OneLine(text))
	if len(short) > 120 {
		short = append(short[:119], '…')
	}
	return `"` + string(short) + `"`
}
