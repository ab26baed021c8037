package sqlite

// Conditions of partial indexes, in the words of the schema: such an index serves
// only a query that says its condition in just these. They are comparisons because
// a list of more than two is made into a table for each row that is written.
const (
	// marketingKinds are the mails that a person gets one of in 20 hours.
	marketingKinds = `(kind = 'abandoned_checkout' OR kind = 'sequence' OR kind = 'campaign')`
	urgentKinds    = `kind <> 'abandoned_checkout' AND kind <> 'sequence' AND kind <> 'campaign'`
	givenUp        = `(state = 'failed' OR state = 'bounced' OR state = 'suppressed')`
	notApplied     = `(outcome = 'ignored' OR outcome = 'parked' OR outcome = 'failed')`
	abandonable    = `(state = 'open' OR state = 'expired' OR state = 'failed')`
	underway       = `(state = 'new' OR state = 'open' OR state = 'processing')`
)
