package view

import "time"

// LoginCode is the second step of logging in: the code from the phone.
type LoginCode struct {
	Chrome
	Form      Form   // field: code
	Challenge string // stands for the password that was right
	ReturnTo  string
}

func (v LoginCode) about(*Renderer) about {
	return auth("login-code", "Log in", "The second step of logging in.")
}

// SecondFactor is GET /admin/second-factor. Codes are there right after they
// were made and never again; Secret and QR while it is being set up.
type SecondFactor struct {
	Chrome
	Form   Form // field: code
	On     bool
	Since  time.Time
	Left   int // recovery codes that were not used
	Codes  []string
	Secret string
	QR     Matrix
}

// Matrix is a square of black on white, drawn as one path.
type Matrix struct {
	Size int
	Path string
}

func (v SecondFactor) about(*Renderer) about {
	return about{Template: "second-factor", Body: "desk", Title: "Second factor", Private: true, Description: "A code from the phone beside the password.", Scripts: []string{"js/forms.js"}}
}

func secondFactorSamples(in Chrome, at time.Time) []Sample {
	return []Sample{
		{"login-code", LoginCode{Challenge: "usr_1.1.x", ReturnTo: "/admin"}},
		{"login-code-wrong", LoginCode{Challenge: "usr_1.1.x", Form: Form{Errors: map[string]string{"code": "This code is wrong, or was used already. Take the newest."}}}},
		{"second-factor", SecondFactor{Chrome: in}},
		{"second-factor-begun", SecondFactor{Chrome: in, Secret: "JBSW Y3DP EHPK 3PXP", QR: Matrix{29, "M4 4h7v1h-7z"}, Form: Form{Errors: map[string]string{"code": "This is not the code of this minute."}}}},
		{"second-factor-codes", SecondFactor{Chrome: in, Codes: []string{"abcd-efgh-ijkl-mnop", "qrst-uvwx-yz23-4567"}}},
		{"second-factor-on", SecondFactor{Chrome: in, On: true, Since: at, Left: 9}},
	}
}
