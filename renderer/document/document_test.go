package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/renderer/fault"
)

func TestRefused(t *testing.T) {
	wide := "m:\n"
	for i := range 10_001 {
		wide += fmt.Sprintf("  k%d: 1\n", i)
	}
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	long := "a: &a " + strings.Repeat("x", 500_000) + "\nb: [*a, *a, *a]\n"
	cases := map[string]struct {
		text string
		code string
		line int
	}{
		"duplicate key":           {"a: 1\nb: 2\na: 3\n", "build.duplicateKey", 3},
		"duplicate nested":        {"metadata:\n  name: a\n  name: b\n", "build.duplicateKey", 3},
		"duplicate in document 2": {"a: 1\n---\n# x\nb:\n- c: 1\n  c: 2\n", "build.duplicateKey", 6},
		"duplicate in flow":       {`{"kind": "ConfigMap", "kind": "ClusterRoleBinding"}`, "build.duplicateKey", 1},
		"duplicate quoted":        {"kind: a\n\"kind\": b\n", "build.duplicateKey", 2},
		"proto":                   {"a:\n  __proto__: {x: 1}\n", "build.object", 2},
		"constructor":             {"constructor: 1\n", "build.object", 1},
		"prototype":               {"a: [{prototype: 1}]\n", "build.object", 1},
		"proto in a CRD":          {"kind: CustomResourceDefinition\na: {__proto__: 1}\n", "build.object", 2},
		"number key":              {"1: a\n", "build.yaml", 1},
		"boolean key":             {"true: a\n", "build.yaml", 1},
		"null key":                {"~: a\n", "build.yaml", 1},
		"sequence key":            {"? [a, b]\n: c\n", "build.yaml", 1},
		"map key":                 {"{a: b}: c\n", "build.yaml", 1},
		"byte order mark inside":  {"a: 1\n---\n\uFEFFb: 2\n", "build.encoding", 3},
		"UTF-16":                  {"\xff\xfea\x00", "build.encoding", 1},
		"UTF-16 big":              {"\xfe\xff\x00a", "build.encoding", 1},
		"invalid UTF-8":           {"a: 1\nb: \xff\n", "build.encoding", 2},
		"NUL":                     {"a: \x00\n", "build.encoding", 1},
		"carriage return":         {"a: 1\rb: 2\r", "build.encoding", 1},
		"next line":               {"a: 1\u0085b: 2\n", "build.encoding", 1},
		"line separator":          {"a: 1\u2028b: 2\n", "build.encoding", 1},
		"bell":                    {"a: \a\n", "build.encoding", 1},
		"tab indentation":         {"a:\n\tb: 1\n", "build.yaml", 2},
		"directive":               {"%YAML 1.1\n---\na: no\n", "build.yaml", 1},
		"directive later":         {"a: 1\n---\n# x\n%TAG ! tag:x,2000:\n---\nb: 1\n", "build.yaml", 4},
		"text behind separator":   {"a: 1\n--- b: 2\nc: 3\n", "build.yaml", 2},
		"hidden document":         {"a: 1\n...\nb: 2\n", "build.yaml", 2},
		"hidden first document":   {"--- {a: 1}\n--- \nb: 2", "", 0},
		"local tag":               {"a: !foo bar\n", "build.yaml", 1},
		"binary tag":              {"a: !!binary aGk=\n", "build.yaml", 1},
		"huge integer":            {"a: 18446744073709551616\n", "build.yaml", 1},
		"alias bomb":              {bomb, "build.alias", 4},
		"long alias":              {long, "build.alias", 2},
		"recursive alias":         {"a: &a\n  b: *a\n", "build.alias", 2},
		"unknown alias":           {"a: *nope\n", "build.yaml", 1},
		"many keys":               {wide, "build.tooLarge", 2},
		"deep":                    {strings.Repeat("[", 70) + strings.Repeat("]", 70), "build.tooLarge", 1},
		"very deep":               {strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "build.yaml", 1},
		"many documents":          {strings.Repeat("a: 1\n---\n", 5001), "build.tooManyObjects", 10001},
		"many empty documents":    {strings.Repeat("\n---\n", 30_000), "build.tooManyObjects", 40002},
		"not YAML":                {"a: b: c\n", "build.yaml", 1},
		"not YAML below":          {"a: 1\n---\nx: 1\nb: [\n", "build.yaml", 4},
		"JSON comment":            {"{\"a\": 1} // x\n", "build.yaml", 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(test.text), Limits{})
			var known *fault.Fault
			if test.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &known) {
				t.Fatalf("accepted: %v", err)
			}
			if known.Code != test.code || known.Line != test.line || known.File != "x.yaml" {
				t.Errorf("got %s at line %d (%s), want %s at %d", known.Code, known.Line, known.Message, test.code, test.line)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	_, err := Parse("x", []byte("a: "+strings.Repeat("x", 100)), Limits{FileBytes: 50})
	var known *fault.Fault
	if !errors.As(err, &known) || known.Code != "build.tooLarge" {
		t.Error(err)
	}
}

func TestAccepted(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"mark at the start":    {"\uFEFFa: 1\n", `[{"a":1}]`},
		"windows":              {"a: 1\r\nb: |\r\n  x\r\n  y\r\n---\r\nc: 1", `[{"a":1,"b":"x\ny\n"},{"c":1}]`},
		"separators":           {"---\n# nothing\n---\na: 1\n--- # comment\nb: |\n  ---\n  x\n---\n", `[{"a":1},{"b":"---\nx\n"}]`},
		"end":                  {"a: 1\n...\n", `[{"a":1}]`},
		"empty":                {"", `[]`},
		"null":                 {"---\nnull\n---\n~\n", `[]`},
		"JSON":                 {`{"a": [1, 2.50, true, null, "x\u00e9"]}`, `[{"a":[1,2.5,true,null,"xé"]}]`},
		"integers":             {"a: 9007199254740993\nb: 18446744073709551615\nc: -9223372036854775808\nd: 0x1F90\ne: 0644\nf: 0o644\ng: 1_000\nh: +12", `[{"a":9007199254740993,"b":18446744073709551615,"c":-9223372036854775808,"d":8080,"e":420,"f":420,"g":1000,"h":12}]`},
		"floats":               {"a: 1e3\nb: .5\nc: 0888", `[{"a":1000,"b":0.5,"c":888}]`},
		"words":                {"a: yes\nb: on\nc: n\nd: True\ne: 12:30:45", `[{"a":"yes","b":"on","c":"n","d":true,"e":"12:30:45"}]`},
		"times":                {"a: 2001-12-14\nb: 2001-12-14t21:59:43.10-05:00", `[{"a":"2001-12-14","b":"2001-12-14t21:59:43.10-05:00"}]`},
		"merge":                {"base: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}\nd: {<<: [*b, {z: 1}]}", `[{"base":{"x":1,"y":2},"c":{"x":1,"y":3},"d":{"x":1,"y":2,"z":1}}]`},
		"word keys":            {"y: 1\nno: 2\n", `[{"no":2,"y":1}]`},
		"constructor in a CRD": {"kind: CustomResourceDefinition\nconstructor: {prototype: 1}\n", `[{"constructor":{"prototype":1},"kind":"CustomResourceDefinition"}]`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			documents, err := Parse("x.yaml", []byte(test.text), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			values := []any{}
			for _, doc := range documents {
				value, err := Value("x.yaml", doc.Node)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
			got, err := json.Marshal(values)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNoValueOfJSON(t *testing.T) {
	for _, text := range []string{"a: .inf", "a: .nan", "a: !!bool yes", "a: !!int x"} {
		_, err := Parse("x", []byte("# c\n"+text), Limits{})
		known, ok := err.(*fault.Fault)
		if !ok || known.Code != "build.yaml" || known.File != "x" || known.Line != 2 {
			t.Errorf("%s gives %v", text, err)
		}
	}
}

func TestLines(t *testing.T) {
	documents, err := Parse("x", []byte("# c\n\n---\n\na: 1\n---\n---\n# d\nb: 1\n---\n\n\nc:\n  d: 1\n"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, doc := range documents {
		lines = append(lines, doc.Line)
	}
	if fmt.Sprint(lines) != "[5 9 13]" {
		t.Error(lines)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1\n---\nb: &x [1]\nc: *x\n", "a: &a {<<: *a}", "--- |\n x\n", "? a\n: b\n", "{a: {b: [1, {c: d}]}}", "\uFEFF%YAML 1.2\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, err := Parse("x", data, Limits{})
		if err != nil {
			var known *fault.Fault
			if !errors.As(err, &known) {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		for _, doc := range documents {
			_, _ = Value("x", doc.Node)
		}
	})
}

func TestPointerOfLFS(t *testing.T) {
	_, err := Parse("x", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), Limits{})
	if known, ok := err.(*fault.Fault); !ok || known.Code != "build.object" {
		t.Errorf("got %v", err)
	}
}
