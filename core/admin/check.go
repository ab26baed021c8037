package admin

// Finding is one line of the launch check.
type Finding struct {
	Name   string // what was looked at
	Means  string // what it is good for
	State  State
	Detail string // what was found
	Fix    string // what to do, "" when it is fine
}

// State of a finding.
type State string

// The states.
const (
	Fine    State = "fine"
	Warning State = "warning"
	Wrong   State = "wrong"
)
