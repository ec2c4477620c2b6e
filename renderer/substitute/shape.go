package substitute

import (
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/fault"
)

// sameShape refuses a substitution that changed anything but scalars: a value may not add keys, items, maps, anchors,
// tags or documents. Both texts are the sigs.k8s.io/yaml form of one object, so their keys stand in the same order.
func sameShape(before, after string) *Failure {
	decoder := yaml.NewDecoder(strings.NewReader(after))
	var now, more, then yaml.Node
	if err := decoder.Decode(&now); err != nil {
		return broken("is no YAML after substitution: %s", unplaced(err)).hint()
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return broken("becomes more than one document by substitution")
	}
	if err := yaml.Unmarshal([]byte(before), &then); err != nil || len(then.Content) != 1 || len(now.Content) != 1 {
		return broken("is no single document")
	}
	return same(then.Content[0], now.Content[0], nil)
}

func unplaced(err error) string {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, rest, ok := strings.Cut(message, ": "); ok && strings.HasPrefix(message, "line ") {
		return rest
	}
	return message
}

func same(then, now *yaml.Node, path []string) *Failure {
	where := strings.Join(path, ".")
	if now.Anchor != "" || now.Kind == yaml.AliasNode {
		return changed(where, "an anchor or alias")
	}
	if now.Style&yaml.TaggedStyle != 0 && then.Style&yaml.TaggedStyle == 0 {
		return changed(where, "a tag")
	}
	if then.Kind != now.Kind {
		return changed(where, "a map or a list in the place of a value")
	}
	if len(then.Content) != len(now.Content) {
		return changed(where, "keys or items")
	}
	if then.Kind == yaml.MappingNode {
		return sameKeys(then, now, path)
	}
	for i := range then.Content {
		if failure := same(then.Content[i], now.Content[i], path); failure != nil {
			return failure
		}
	}
	return nil
}

func sameKeys(then, now *yaml.Node, path []string) *Failure {
	where := strings.Join(path, ".")
	seen := make(map[string]bool, len(now.Content)/2)
	for i := 0; i < len(then.Content); i += 2 {
		old, key := then.Content[i], now.Content[i]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" {
			return changed(where, "a key that is no text")
		}
		if old.Value != key.Value {
			if !strings.Contains(old.Value, "$") {
				return changed(where, "another key")
			}
			if key.Value == "__proto__" || key.Value == "constructor" || key.Value == "prototype" || key.ShortTag() == "!!merge" {
				return changed(where, "a key that is not allowed")
			}
		}
		if seen[key.Value] {
			return changed(where, "the same key twice")
		}
		seen[key.Value] = true
		if failure := same(then.Content[i+1], now.Content[i+1], append(path[:len(path):len(path)], old.Value)); failure != nil {
			return failure
		}
	}
	return nil
}

func changed(where, what string) *Failure {
	if where == "" {
		where = "the object"
	}
	failure := broken("gets %s at %s by substitution; a variable may only change values", what, fault.Quote(where))
	failure.Remedy = "Take YAML syntax out of the variable's value, or put quotes around the expression."
	return failure
}
