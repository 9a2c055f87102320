package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// renderNDJSON writes one result a line, as they stand in the JSON's results.
func renderNDJSON(r *result.Report, _ Options) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, row := range r.Results {
		if err := enc.Encode(row); err != nil {
			return nil, fmt.Errorf("encode result: %w", err)
		}
	}
	return escaped(b.Bytes()), nil
}
