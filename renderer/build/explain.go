package build

import (
	"encoding/base64"
	"errors"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/fault"
	"sluice/renderer/origin"
	"sluice/renderer/scan"
	"sluice/renderer/substitute"
	"sluice/renderer/tree"
)

var (
	inTree  = regexp.MustCompile(regexp.QuoteMeta(tree.Root) + `(/[^\s'":;,)]*)?`)
	config  = regexp.MustCompile("(?s) with config: `.*`|\\[patch: \".*\"\\]")
	numbers = regexp.MustCompile(`\[\d+(?: \d+){3,}\]`)
	remote  = regexp.MustCompile(`(?i)(git (fetch|clone|init)|no 'git' program|URL is a git repository|HTTP Error|network is closed)`)
	longest = 600
)

// explain makes a fault of what kustomize says.
func explain(err error, found *scan.Result) error {
	var crash *Crash
	if errors.As(err, &crash) {
		return crash
	}
	var known *fault.Fault
	if errors.As(err, &known) {
		return known
	}
	text := err.Error()
	text = config.ReplaceAllString(text, "")
	// Bytes printed as numbers may be a Secret's.
	text = numbers.ReplaceAllString(text, "[…]")
	code := "build.kustomize"
	if remote.MatchString(text) {
		return fault.New("build.remote", found.Root.File, 0, "the build tried to fetch something from outside the source").
			Do("Copy it into the repository; nothing is fetched during a build.")
	}
	file := ""
	for _, path := range inTree.FindAllString(text, -1) {
		name := strings.Trim(strings.TrimPrefix(path, tree.Root), "/.")
		if name != "" {
			file = name
		}
	}
	text = inTree.ReplaceAllStringFunc(text, func(path string) string {
		if rest := strings.TrimPrefix(path, tree.Root+"/"); rest != path && rest != "" {
			return rest
		}
		return "."
	})
	text = fault.OneLine(text)
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	if file == "" {
		file = found.Root.File
	}
	return &fault.Fault{Code: code, Message: "kustomize: " + text, File: file}
}

// scrub removes Secret values, as they are and as base64, from a fault's message.
func scrub(err error, secrets []string) error {
	var known *fault.Fault
	if !errors.As(err, &known) {
		return err
	}
	forms := make([]string, 0, 3*len(secrets))
	for _, secret := range secrets {
		forms = append(forms, secret, fault.OneLine(secret), base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	// The longest first, so that a value that holds another leaves nothing behind.
	sort.Slice(forms, func(i, j int) bool { return len(forms[i]) > len(forms[j]) })
	for _, form := range forms {
		if len(form) >= 3 {
			known.Message = strings.ReplaceAll(known.Message, form, "***")
			known.Remedy = strings.ReplaceAll(known.Remedy, form, "***")
		}
	}
	return known
}

// place gives a fault of the substitution the file its object came from.
func place(err error, traced [][]origin.Source) error {
	var failed *substitute.Failure
	if !errors.As(err, &failed) {
		return err
	}
	known := failed.Fault
	for i, source := range traced[failed.Object] {
		if i == 0 {
			known.File, known.Line = source.File, source.Line
		}
		if line := mention(source.Node, "${"+failed.Variable, 0); failed.Variable != "" && line > 0 {
			known.File, known.Line = source.File, line
			break
		}
	}
	return known
}

// mention returns the line of the first scalar that holds a text, 0 where there is none.
func mention(node *yaml.Node, text string, depth int) int {
	if node == nil || depth > 100 {
		return 0
	}
	if node.Kind == yaml.ScalarNode {
		before, _, found := strings.Cut(node.Value, text)
		switch {
		case !found:
			return 0
		case node.Style&yaml.LiteralStyle != 0:
			return node.Line + 1 + strings.Count(before, "\n")
		}
		return node.Line
	}
	for _, child := range node.Content {
		if line := mention(child, text, depth+1); line > 0 {
			return line
		}
	}
	return 0
}
