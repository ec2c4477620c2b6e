package main

import (
	"encoding/json"

	"sluice/renderer/policy"
)

type policyRequest struct {
	Modules []policy.Module   `json:"modules"`
	Inputs  []json.RawMessage `json:"inputs"`
}

func (r *Request) policy() (policyRequest, error) {
	var in policyRequest
	if err := json.Unmarshal(r.Raw, &in); err != nil {
		return in, wrong(err)
	}
	return in, nil
}

func compileOp(r *Request) (any, error) {
	in, err := r.policy()
	if err != nil {
		return nil, err
	}
	return policy.Compile(in.Modules)
}

// regoTestOp runs Rego tests with OPA's own tester, and compiles them to wasm.
func regoTestOp(r *Request) (any, error) {
	in, err := r.policy()
	if err != nil {
		return nil, err
	}
	return policy.Test(in.Modules)
}

// regoEvalOp answers what the wasm module must answer, by OPA's own evaluator.
func regoEvalOp(r *Request) (any, error) {
	in, err := r.policy()
	if err != nil {
		return nil, err
	}
	answers, err := policy.Evaluate(in.Modules, in.Inputs)
	return map[string]any{"answers": answers}, err
}
