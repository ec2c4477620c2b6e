package document

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/fault"
)

// Value returns a checked node as JSON values: maps, slices, strings, booleans, nil and json.Number. Integers are exact,
// timestamps stay the text that was written, merge keys are resolved.
func Value(file string, node *yaml.Node) (any, error) {
	node = Resolve(node)
	switch node.Kind {
	case yaml.MappingNode:
		return mapping(file, node)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, child := range node.Content {
			value, err := Value(file, child)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	return scalar(file, node)
}

func mapping(file string, node *yaml.Node) (any, error) {
	out := make(map[string]any, len(node.Content)/2)
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].ShortTag() != "!!merge" {
			continue
		}
		for _, part := range mergeParts(node.Content[i+1]) {
			values, err := Value(file, part)
			if err != nil {
				return nil, err
			}
			from, ok := values.(map[string]any)
			if !ok {
				return nil, fault.New("build.yaml", file, node.Content[i].Line, "<< merges something that is no map")
			}
			for key, value := range from {
				if _, set := out[key]; !set {
					out[key] = value
				}
			}
		}
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].ShortTag() == "!!merge" {
			continue
		}
		value, err := Value(file, node.Content[i+1])
		if err != nil {
			return nil, err
		}
		out[node.Content[i].Value] = value
	}
	return out, nil
}

func scalar(file string, node *yaml.Node) (any, error) {
	switch node.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var value bool
		if err := node.Decode(&value); err != nil {
			return nil, fault.New("build.yaml", file, node.Line, "%s is no boolean", fault.Quote(node.Value))
		}
		return value, nil
	case "!!int", "!!float":
		var value any
		if err := node.Decode(&value); err != nil {
			return nil, fault.New("build.yaml", file, node.Line, "%s is no number", fault.Quote(node.Value))
		}
		switch number := value.(type) {
		case int:
			return json.Number(strconv.Itoa(number)), nil
		case int64:
			return json.Number(strconv.FormatInt(number, 10)), nil
		case uint64:
			return json.Number(strconv.FormatUint(number, 10)), nil
		case float64:
			if math.IsInf(number, 0) || math.IsNaN(number) {
				return nil, fault.New("build.yaml", file, node.Line, "%s is no number that JSON has", fault.Quote(node.Value)).
					Do("Write it in quotes.")
			}
			text, err := json.Marshal(number)
			return json.Number(text), err
		}
		return nil, fault.New("build.yaml", file, node.Line, "%s is no number", fault.Quote(fmt.Sprint(value)))
	}
	return node.Value, nil
}
