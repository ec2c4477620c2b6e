package main

import (
	"encoding/base64"
	"encoding/json"

	"sluice/renderer/build"
	"sluice/renderer/cage"
	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/place"
	"sluice/renderer/scan"
	"sluice/renderer/substitute"
	"sluice/renderer/tree"
)

type buildRequest struct {
	Path         string                   `json:"path"`
	Spec         scan.Spec                `json:"spec"`
	Substitution *substitute.Substitution `json:"substitution"`
	Have         map[string]tree.Answer   `json:"have"`
	Limits       build.Limits             `json:"limits"`
}

func wrong(err error) error {
	return fault.New("renderer.protocol", "", 0, "the request has a wrong shape: %s", err)
}

func (r *Request) build() (build.Request, error) {
	var in buildRequest
	if err := json.Unmarshal(r.Raw, &in); err != nil {
		return build.Request{}, wrong(err)
	}
	clean, ok := tree.Clean(in.Path)
	if !ok {
		return build.Request{}, fault.New("build.escape", "", 0, "the path %s leaves the source", fault.Quote(in.Path)).
			Do("Correct spec.path of the Kustomization.")
	}
	limits := in.Limits.Fill()
	t, err := tree.New(r.Ask, in.Have, limits.Tree())
	return build.Request{Tree: t, Path: clean, Spec: in.Spec, Substitution: in.Substitution, Limits: limits}, err
}

func buildOp(r *Request) (any, error) {
	request, err := r.build()
	if err != nil {
		return nil, err
	}
	return build.Run(request)
}

func closureOp(r *Request) (any, error) {
	request, err := r.build()
	if err != nil {
		return nil, err
	}
	return build.Closure(request)
}

func parseOp(r *Request) (any, error) {
	var in struct {
		File   string          `json:"file"`
		Text   *string         `json:"text"`
		Base64 *string         `json:"base64"`
		Limits document.Limits `json:"limits"`
	}
	if err := json.Unmarshal(r.Raw, &in); err != nil {
		return nil, wrong(err)
	}
	var data []byte
	switch {
	case in.Text != nil:
		data = []byte(*in.Text)
	case in.Base64 != nil:
		var err error
		if data, err = base64.StdEncoding.DecodeString(*in.Base64); err != nil {
			return nil, wrong(err)
		}
	}
	documents, err := document.Parse(in.File, data, in.Limits)
	if err != nil {
		return nil, err
	}
	type parsed struct {
		Line  int `json:"line"`
		Value any `json:"value"`
	}
	out := make([]parsed, 0, len(documents))
	for _, doc := range documents {
		value, err := document.Value(in.File, doc.Node)
		if err != nil {
			return nil, err
		}
		out = append(out, parsed{Line: doc.Line, Value: value})
	}
	return map[string]any{"documents": out}, nil
}

func locateOp(r *Request) (any, error) {
	var in struct {
		Items  []place.Item    `json:"items"`
		Limits document.Limits `json:"limits"`
	}
	if err := json.Unmarshal(r.Raw, &in); err != nil {
		return nil, wrong(err)
	}
	return map[string]any{"lines": place.Locate(in.Items, in.Limits)}, nil
}

func probeOp(r *Request) (any, error) {
	var in struct {
		HeapBytes int     `json:"heapBytes"`
		Unscanned *string `json:"unscanned"`
	}
	if err := json.Unmarshal(r.Raw, &in); err != nil {
		return nil, wrong(err)
	}
	if in.HeapBytes > 0 {
		return cage.Grow(in.HeapBytes), nil
	}
	if in.Unscanned != nil {
		t, err := tree.New(r.Ask, nil, tree.Limits{})
		if err != nil {
			return nil, err
		}
		return nil, build.Unscanned(t, *in.Unscanned)
	}
	return cage.Probe(), nil
}
