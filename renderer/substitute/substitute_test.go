package substitute

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// spec is the object under test: a ConfigMap with this data.
func spec(t *testing.T, data string) []map[string]any {
	t.Helper()
	return []map[string]any{object(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":`+data+`}`)}
}

func TestUndetermined(t *testing.T) {
	cases := map[string]struct{ data, want, unknown string }{
		"bare":          {`{"k":"${A}-${KNOWN}"}`, `{"k":"${A}-v"}`, "A"},
		"default":       {`{"k":"${A:=d}"}`, `{"k":"d"}`, ""},
		"both":          {`{"k":"${A:=d} ${A}"}`, `{"k":"d ${A}"}`, "A"},
		"transform":     {`{"k":"${A,,} ${A^^} ${#A} ${A:1:2} ${A/x/y} ${KNOWN^^}"}`, `{"k":"${A,,} ${A^^} ${#A} ${A:1:2} ${A/x/y} V"}`, "A"},
		"nested":        {`{"k":"${A:=${B}}"}`, `{"k":"${B}"}`, "B"},
		"escaped":       {`{"k":"$${A} $$"}`, `{"k":"${A} $"}`, ""},
		"escape before": {`{"k":"$$${A}"}`, `{"k":"$${A}"}`, "A"},
		"whole value":   {`{"k":"${A}"}`, `{"k":"${A}"}`, "A"},
		"key":           {`{"${A}":"1","${KNOWN}":"2"}`, `{"${A}":"1","v":"2"}`, "A"},
		"two":           {`{"k":"${B}${A}"}`, `{"k":"${B}${A}"}`, "A,B"},
		"none":          {`{"k":"${KNOWN}"}`, `{"k":"v"}`, ""},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			objects := spec(t, test.data)
			unknown, err := Run(objects, Substitution{Variables: map[string]string{"KNOWN": "v"}, Undetermined: []string{"Secret/a/b"}})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := json.Marshal(objects[0]["data"])
			if string(got) != test.want || strings.Join(unknown, ",") != test.unknown {
				t.Errorf("got %s unknown %v, want %s unknown %s", got, unknown, test.want, test.unknown)
			}
		})
	}
}

// A value is one value: it can add no key, item, document, anchor or tag.
func TestInjection(t *testing.T) {
	refused := map[string]struct{ data, value string }{
		"newline and key": {`{"k":"${V}"}`, "a: b"},
		"map":             {`{"k":"${V}"}`, "{kind: ClusterRoleBinding}"},
		"list":            {`{"k":"${V}"}`, "[a, b]"},
		"anchor":          {`{"k":"${V}"}`, "&a b"},
		"alias":           {`{"k":"${V}"}`, "*a"},
		"tag":             {`{"k":"${V}"}`, "!!binary aGk="},
		"dash":            {`{"k":["${V}"]}`, "- a"},
		"quote and more":  {`{"k":"x ${V}","l":"y: \"${V}"}`, `", "z": "`},
		"merge key":       {`{"${V}":{"a":"b"}}`, "<<"},
		"proto key":       {`{"${V}":"b"}`, "__proto__"},
		"same key":        {`{"${V}":"b","x":"c"}`, "x"},
		"number key":      {`{"a":{"${V}":"b"}}`, "{}"},
		"carriage return": {`{"k":"${V}","m":"n"}`, "a\rkind: B"},
		"next line":       {`{"k":"${V}","m":"n"}`, "a\u0085kind: B"},
		"line separator":  {`{"k":"${V}","m":"n"}`, "a\u2028kind: B"},
		"document":        {`{"k":"|\n${V}"}`, "\r---\rkind: B"},
		"block scalar":    {`{"k":"${V}","m":"n"}`, "|"},
		"folded":          {`{"k":"${V}","m":"n"}`, ">-"},
		"question":        {`{"k":"${V}"}`, "? a"},
	}
	for name, test := range refused {
		t.Run(name, func(t *testing.T) {
			objects := spec(t, test.data)
			_, err := Run(objects, Substitution{Variables: map[string]string{"V": test.value}})
			var failed *Failure
			if !errors.As(err, &failed) || failed.Code != "build.substitute" {
				got, _ := json.Marshal(objects[0])
				// What is let through must have the shape of before.
				if err != nil || !strings.HasPrefix(name, "carriage") && !strings.HasPrefix(name, "block") && !strings.HasPrefix(name, "folded") {
					t.Errorf("%v %s", err, got)
				}
				if len(objects[0]) != 4 || len(objects[0]["data"].(map[string]any)) != 2 || objects[0]["kind"] != "ConfigMap" {
					t.Errorf("the shape changed: %s", got)
				}
			}
		})
	}
	allowed := map[string]struct{ data, value, want string }{
		"number":       {`{"k":"${V}"}`, "8080", `{"k":8080}`},
		"boolean":      {`{"k":"${V}"}`, "yes", `{"k":true}`},
		"newline":      {`{"k":"${V}"}`, "a\nb", `{"k":"ab"}`},
		"recursion":    {`{"k":"${V}"}`, "${OTHER}", `{"k":"${OTHER}"}`},
		"null":         {`{"k":"${V}"}`, "null", `{"k":null}`},
		"empty":        {`{"k":"${V}"}`, "", `{"k":null}`},
		"comment":      {`{"k":"${V}"}`, "a # b", `{"k":"a"}`},
		"exact":        {`{"k":"${V}","n":9007199254740993}`, "1", `{"k":1,"n":9007199254740993}`},
		"flow in text": {`{"k":"x\ny ${V}"}`, "[a: b]", `{"k":"x\ny [a: b]"}`},
	}
	for name, test := range allowed {
		t.Run(name, func(t *testing.T) {
			objects := spec(t, test.data)
			if _, err := Run(objects, Substitution{Variables: map[string]string{"V": test.value}}); err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(objects[0]["data"]); string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestStrict(t *testing.T) {
	objects := spec(t, `{"a":"${ONE} ${TWO} ${ONE} ${D:-x} ${THREE^^}"}`)
	_, err := Run(objects, Substitution{Variables: map[string]string{"X": "1"}})
	var failed *Failure
	if !errors.As(err, &failed) || failed.Message != "ConfigMap/a uses ${ONE}, ${TWO}, ${THREE}, which have no value" || failed.Variable != "ONE" {
		t.Errorf("%v", err)
	}
}

func TestSkipped(t *testing.T) {
	for name, with := range map[string]Substitution{"nothing": {}, "empty": {Variables: map[string]string{}}} {
		objects := spec(t, `{"a":"${X:=d} $$"}`)
		if _, err := Run(objects, with); err != nil || objects[0]["data"].(map[string]any)["a"] != "${X:=d} $$" {
			t.Errorf("%s: %v %v", name, objects, err)
		}
	}
	objects := spec(t, `{"a":"${X:=d}"}`)
	if _, err := Run(objects, Substitution{Always: true}); err != nil || objects[0]["data"].(map[string]any)["a"] != "d" {
		t.Errorf("always: %v %v", objects, err)
	}
	objects = spec(t, `{"a":"`+strings.Repeat("$$", 5000)+`"}`)
	if _, err := Run(objects, Substitution{Always: true}); err == nil {
		t.Error("thousands of $$ are read")
	}
}

func FuzzSubstitute(f *testing.F) {
	f.Add("${A:=${B}}", "v", true)
	f.Add("$${A}$$", "- x", false)
	f.Add("${A/x/y}", "&a", true)
	f.Fuzz(func(t *testing.T, text, value string, lenient bool) {
		object := map[string]any{"apiVersion": "v1", "kind": "A", "metadata": map[string]any{"name": "a"}, "k": text}
		with := Substitution{Variables: map[string]string{"A": value}}
		if lenient {
			with.Undetermined = []string{"x"}
		}
		objects := []map[string]any{object}
		if _, err := Run(objects, with); err != nil {
			return
		}
		if len(objects[0]) != 4 || objects[0]["kind"] != "A" {
			t.Fatalf("the shape changed: %v", objects[0])
		}
		switch objects[0]["k"].(type) {
		case map[string]any, []any:
			t.Fatalf("a value became more: %v", objects[0])
		}
	})
}
