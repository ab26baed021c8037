package sqlite

import "sselfie/core/segments"

// SegmentStatement lets tests outside of the package see what a rule becomes.
func SegmentStatement(r segments.Rule, q segments.Query, few bool) (string, []any, error) {
	where, args, err := compileRule(r, q, few)
	return `SELECT u.id FROM json_each('["usr_1"]') j JOIN users u ON u.id = j.value WHERE ` + where, args, err
}

// WholeStatement is what a refresh of a whole segment asks.
func WholeStatement(r segments.Rule, q segments.Query, id segments.ID) (string, []any, error) {
	where, args, err := compileRule(r, q, false)
	return wholeChanges(where), append(args, id, id), err
}
