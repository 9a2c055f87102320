package result

import (
	_ "embed" // the schema
)

// The schema is made from the types of this package, with their comments, by the test that holds it to
// them: comments are not in the binary.
//
//go:embed result.schema.json
var schemaJSON []byte

// SchemaJSON returns the JSON Schema (draft 2020-12) of a Report, as results are stored. Fields that it
// does not name are allowed: a later version may add some.
func SchemaJSON() []byte { return append([]byte(nil), schemaJSON...) }
