package build

import (
	"sluice/renderer/document"
	"sluice/renderer/scan"
	"sluice/renderer/tree"
)

// Limits bound one build; a request may set any of them. Zero values mean the defaults.
type Limits struct {
	document.Limits
	TotalBytes  int64 `json:"totalBytes"`
	Objects     int   `json:"objects"`
	OutputBytes int   `json:"outputBytes"`
	Folders     int   `json:"folders"`
	// Milliseconds is the wall time of a request, 0 for none. The parent kills; the child notices where it can.
	Milliseconds int `json:"milliseconds"`
}

// Fill returns the limits with defaults where none is set.
func (l Limits) Fill() Limits {
	l.Limits = l.Limits.Fill()
	if l.TotalBytes <= 0 {
		l.TotalBytes = 64 << 20
	}
	if l.Objects <= 0 {
		l.Objects = 5000
	}
	if l.OutputBytes <= 0 {
		l.OutputBytes = 32 << 20
	}
	if l.Folders <= 0 {
		l.Folders = 64
	}
	return l
}

// Tree returns the limits of reading.
func (l Limits) Tree() tree.Limits {
	return tree.Limits{FileBytes: l.FileBytes, TotalBytes: l.TotalBytes}
}

func (l Limits) scan() scan.Limits {
	return scan.Limits{Document: l.Limits, Objects: l.Objects, Weight: int64(l.OutputBytes), Folders: l.Folders}
}
