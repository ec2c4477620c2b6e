package scan

import "sluice/renderer/document"

// Files of a base are read again for every overlay and every revision. Their documents are never changed once parsed, so
// the last few are kept by content for the life of the process. Counted is their text; parsed it weighs some twenty times
// as much, and the collector lets the heap grow to a multiple of that.
const memoryBytes = 512 << 10

type memory struct {
	documents map[string][]document.Document
	bytes     int
}

var parsed = memory{documents: map[string][]document.Document{}}

func (m *memory) parse(name string, data []byte, limits document.Limits) ([]document.Document, error) {
	if known, ok := m.documents[string(data)]; ok && limits == (document.Limits{}).Fill() {
		return known, nil
	}
	documents, err := document.Parse(name, data, limits)
	if err != nil || len(data) > memoryBytes/4 || limits != (document.Limits{}).Fill() {
		return documents, err
	}
	if m.bytes += len(data); m.bytes > memoryBytes {
		m.documents, m.bytes = map[string][]document.Document{}, len(data)
	}
	m.documents[string(data)] = documents
	return documents, nil
}
