package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed are the built-ins that OPA's wasm runtime implements itself, so that the answer is the same in wasm and in
// Go and depends on nothing but the input. What a JavaScript host would have to implement (yaml.*, regex.split, …),
// and what is not deterministic (http.send, time.now_ns, rand.*, uuid.*, opa.runtime, net.lookup_ip_addr), is refused
// when the policy is compiled, never when it is evaluated.
var allowed = []string{
	"plus", "minus", "mul", "div", "abs", "round", "ceil", "floor", "rem",
	"array.concat", "array.flatten", "array.reverse", "array.slice",
	"and", "or", "intersection", "union",
	"is_number", "is_string", "is_boolean", "is_array", "is_set", "is_object", "is_null", "type_name",
	"bits.or", "bits.and", "bits.negate", "bits.xor", "bits.lsh", "bits.rsh",
	"count", "sum", "product", "max", "min", "sort",
	"base64.is_valid", "base64.decode", "base64.encode", "base64url.encode", "base64url.decode",
	"net.cidr_contains", "net.cidr_intersects",
	"eq", "equal", "assign", "gt", "gte", "lt", "lte", "neq",
	"glob.match",
	"json.unmarshal", "json.is_valid", "json.remove", "json.filter",
	"object.filter", "object.get", "object.keys", "object.remove", "object.union", "object.union_n",
	"concat", "format_int", "indexof", "substring", "lower", "upper", "contains", "startswith", "endswith",
	"strings.reverse", "split", "replace", "strings.replace_n",
	"trim", "trim_left", "trim_prefix", "trim_right", "trim_suffix", "trim_space",
	"internal.template_string",
	"numbers.range", "to_number",
	"walk", "graph.reachable",
	"regex.is_valid", "regex.match", "regex.find_all_string_submatch_n",
	"internal.member_2", "internal.member_3",
	// Erased by the compiler, as `opa build` does.
	"print", "internal.print",
}

// capabilities of a policy: Rego v1 as this OPA knows it, with the allowed built-ins and no network at all.
func capabilities() *ast.Capabilities {
	full := ast.CapabilitiesForThisVersion()
	restricted := *full
	restricted.Builtins = slices.DeleteFunc(slices.Clone(full.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(allowed, b.Name)
	})
	restricted.AllowNet = []string{}
	return &restricted
}

// refusedBuiltin tells whether OPA has a built-in of this name, and what to write instead.
func refusedBuiltin(name string) (string, bool) {
	if _, known := ast.BuiltinMap[name]; !known {
		return "", false
	}
	switch name {
	case "sprintf":
		return `write a template string instead: $"image {x} is not allowed"`, true
	case "regex.split", "regex.find_n", "regex.replace", "regex.template_match", "regex.globs_match":
		return "use regex.match, regex.find_all_string_submatch_n, split or replace", true
	case "json.marshal":
		return `write a template string instead: $"{x}"; the order of keys and the escapes differ between OPA's runtimes`, true
	case "object.subset":
		return "compare the keys with `every`", true
	}
	return "use a built-in that depends on the input alone; docs/policy.md lists them", true
}
