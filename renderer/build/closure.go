package build

import "sluice/renderer/scan"

// Reads is the answer of a closure: what a build would read.
type Reads struct {
	Reads        []string `json:"reads"`
	MentionsFlux bool     `json:"mentionsFlux"`
}

// Closure scans without building.
func Closure(request Request) (*Reads, error) {
	limits := request.Limits.Fill()
	if err := commonMetadata(request.Spec.CommonMetadata); err != nil {
		return nil, err
	}
	found, err := scan.Run(request.Tree, request.Path, request.Spec, limits.scan())
	if err != nil {
		return nil, err
	}
	return &Reads{Reads: request.Tree.Reads(), MentionsFlux: found.MentionsFlux}, nil
}
