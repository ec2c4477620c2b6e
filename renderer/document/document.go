package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/fault"
)

// Document is one non-empty document of a file. Node is its root, with lines of the file; Index counts from 0 over the
// non-empty documents.
type Document struct {
	Index int
	Line  int
	Node  *yaml.Node
	// Nodes and Bytes are what the document weighs with its aliases expanded.
	Nodes int
	Bytes int
}

// A separator line as kustomize sees it (kyaml/kio/byteio_reader.go, splitDocuments).
var separator = regexp.MustCompile(`\n---.*\n`)

// Empty documents count too: each costs a parser.
const mostChunks = 20_000

type chunk struct {
	text string
	// lines before the chunk
	before int
}

// split cuts a file where kustomize cuts it, so that there is no document that only one of us sees.
func split(file, text string) ([]chunk, error) {
	var chunks []chunk
	prev, line := 0, 0
	for _, at := range separator.FindAllStringIndex(text, -1) {
		rest := strings.TrimSpace(text[at[0]+4 : at[1]])
		here := line + strings.Count(text[prev:at[0]], "\n")
		if rest != "" && rest[0] != '#' {
			return nil, fault.New("build.yaml", file, here+2, "text stands behind the document separator ---").
				Do("Start the document on the line below ---.")
		}
		chunks = append(chunks, chunk{text: text[prev:at[0]] + "\n", before: line})
		line = here + 2
		prev = at[1]
		if len(chunks) > mostChunks {
			return nil, fault.New("build.tooManyObjects", file, line, "the file has more than %d document separators", mostChunks)
		}
	}
	return append(chunks, chunk{text: text[prev:], before: line}), nil
}

// Parse returns the documents of a file that is read as YAML or JSON, or the fault that makes it unacceptable.
func Parse(file string, data []byte, limits Limits) ([]Document, error) {
	limits = limits.Fill()
	if int64(len(data)) > limits.FileBytes {
		return nil, fault.New("build.tooLarge", file, 0, "the file has %d bytes, more than %d", len(data), limits.FileBytes)
	}
	if bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")) {
		return nil, fault.New("build.object", file, 1, "the file is a pointer of Git LFS, whose content is not in the repository").
			Do("Commit the file itself; manifests are not read from LFS.")
	}
	text, err := Text(file, data)
	if err != nil {
		return nil, err
	}
	chunks, err := split(file, text)
	if err != nil {
		return nil, err
	}
	var documents []Document
	for _, c := range chunks {
		root, err := decode(file, c)
		if err != nil {
			return nil, err
		}
		if root == nil {
			continue
		}
		if len(documents) == limits.Documents {
			return nil, fault.New("build.tooManyObjects", file, root.Line, "the file has more than %d documents", limits.Documents)
		}
		w := walker{file: file, limits: limits, crd: kindOf(root) == "CustomResourceDefinition"}
		if err := w.check(root); err != nil {
			return nil, err
		}
		documents = append(documents, Document{
			Index: len(documents), Line: root.Line, Node: root, Nodes: w.nodes, Bytes: w.bytes,
		})
	}
	return documents, nil
}

// decode returns the root node of a chunk with lines of the file, nil for an empty document.
func decode(file string, c chunk) (*yaml.Node, error) {
	if line := directive(c.text); line > 0 {
		return nil, fault.New("build.yaml", file, c.before+line, "a %%-directive changes how YAML is read").
			Do("Remove the line that starts with %.")
	}
	decoder := yaml.NewDecoder(strings.NewReader(c.text))
	var root, hidden yaml.Node
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntax(file, c.before, err)
	}
	switch err := decoder.Decode(&hidden); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, syntax(file, c.before, err)
	default:
		return nil, fault.New("build.yaml", file, c.before+max(hidden.Line, 1), "a document starts here that kustomize does not see").
			Do("Separate documents with a line that is exactly ---.")
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	node := root.Content[0]
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" && node.Anchor == "" {
		return nil, nil
	}
	if c.before > 0 {
		shift(node, c.before)
	}
	return node, nil
}

// shift moves the lines of a tree. Aliases point into the tree and are not followed.
func shift(node *yaml.Node, by int) {
	node.Line += by
	for _, child := range node.Content {
		shift(child, by)
	}
}

func directive(text string) int {
	for number, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
			continue
		case line[0] == '%':
			return number + 1
		}
		return 0
	}
	return 0
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func syntax(file string, before int, err error) error {
	message := err.Error()
	line := 0
	if found := yamlLine.FindStringSubmatch(strings.SplitN(message, "\n", 2)[0]); found != nil {
		message = found[2]
		if n, err := strconv.Atoi(found[1]); err == nil {
			line = n + before
		}
	}
	if line == 0 {
		line = before + 1
	}
	return fault.New("build.yaml", file, line, "not valid YAML: %s", message)
}

func kindOf(root *yaml.Node) string {
	if node := Field(root, "kind"); node != nil && node.Kind == yaml.ScalarNode {
		return node.Value
	}
	return ""
}

// Field returns the value of a key of a mapping, or nil.
func Field(node *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		node = Resolve(node)
		if node == nil || node.Kind != yaml.MappingNode {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				found = node.Content[i+1]
			}
		}
		if found == nil {
			return nil
		}
		node = found
	}
	return Resolve(node)
}

// Resolve follows an alias to what it stands for.
func Resolve(node *yaml.Node) *yaml.Node {
	for range 100 {
		if node == nil || node.Kind != yaml.AliasNode {
			return node
		}
		node = node.Alias
	}
	return node
}

// String returns the text of a scalar field, or ” where it is none.
func String(node *yaml.Node, path ...string) string {
	if found := Field(node, path...); found != nil && found.Kind == yaml.ScalarNode && found.ShortTag() != "!!null" {
		return found.Value
	}
	return ""
}

// Text returns a file's text without a leading byte order mark and with \n line ends, or the fault of its encoding.
func Text(file string, data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return "", encoding(file, 1, "is UTF-16 or UTF-32, not UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := string(data)
	line := 1
	for i, r := range text {
		switch r {
		case '\n':
			line++
		case '\r':
			if i+1 >= len(text) || text[i+1] != '\n' {
				return "", encoding(file, line, "has a carriage return that ends no line")
			}
		case '\uFFFD':
			if !strings.HasPrefix(text[i:], "\uFFFD") {
				return "", encoding(file, line, "is not valid UTF-8")
			}
		case 0:
			return "", encoding(file, line, "has a NUL byte")
		case '\uFEFF':
			return "", encoding(file, line, "has a byte order mark inside the text")
		case '\u0085', '\u2028', '\u2029':
			return "", encoding(file, line, fmt.Sprintf("has the line separator U+%04X", r))
		default:
			if r < 0x20 && r != '\t' || r == 0x7f {
				return "", encoding(file, line, fmt.Sprintf("has the control character U+%04X", r))
			}
		}
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), nil
}

func encoding(file string, line int, what string) error {
	return fault.New("build.encoding", file, line, "the file %s", what).Do("Save the file as plain UTF-8 with \\n line ends.")
}
