package sqlite

import "sselfie/core/segments"

// FactsStatement lets tests outside of the package see what is asked about a few
// customers.
func FactsStatement(q segments.Query, w segments.Wants) (string, []any) { return factsStatement(q, w) }

// WholeStatement is what a refresh of a whole segment asks.
func WholeStatement(r segments.Rule, q segments.Query, id segments.ID) (string, []any, error) {
	where, args, err := compileRule(r, q)
	return wholeChanges(where), append(args, id, id), err
}
