// Package document reads YAML and JSON strictly: what two parsers could read differently is refused with its position.
package document

// Limits bound one file. Zero values mean the defaults below.
type Limits struct {
	FileBytes int64 `json:"fileBytes"`
	Documents int   `json:"documents"`
	Keys      int   `json:"keys"`
	Depth     int   `json:"depth"`
	Nodes     int   `json:"nodes"`
	// Aliases may repeat at most this many nodes and bytes in all.
	AliasNodes int `json:"aliasNodes"`
	AliasBytes int `json:"aliasBytes"`
}

// Fill returns the limits with defaults where none is set.
func (l Limits) Fill() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	if l.FileBytes <= 0 {
		l.FileBytes = 5 << 20
	}
	set(&l.Documents, 5000)
	set(&l.Keys, 10_000)
	set(&l.Depth, 64)
	set(&l.Nodes, 1_000_000)
	set(&l.AliasNodes, 10_000)
	set(&l.AliasBytes, 1<<20)
	return l
}
