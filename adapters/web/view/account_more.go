package view

import "time"

// AccountMore is what a customer may change of her account, beside what she
// reads of it.
type AccountMore struct {
	Email       Form // fields: email, email_password
	Password    Form // fields: current_password, new_password
	Delete      Form // field: password
	Devices     []Device
	HasPassword bool
	Letters     []Preference // which she may choose from; none without mail
	Stopped     bool         // none goes out to her
	AddressLost bool         // the account has no address; it can give one
	Admin       bool         // the second factor is offered
}

// Device is a signed-in browser.
type Device struct {
	ID       string
	Name     string // "Firefox on Linux"
	Address  string // truncated
	Since    time.Time
	LastSeen time.Time
	Current  bool
}

// Others reports whether more than this device is signed in.
func (m AccountMore) Others() bool { return len(m.Devices) > 1 }

// accountSamples are the account page with its forms.
func accountSamples(in Chrome, at time.Time) []Sample {
	devices := []Device{
		{ID: "a", Name: "Firefox on Linux", Address: "192.0.2.0", Since: at.AddDate(0, 0, -3), LastSeen: at, Current: true},
		{ID: "b", Name: "Safari on iPhone", Address: "2001:db8::", Since: at.AddDate(0, 0, -9), LastSeen: at.AddDate(0, 0, -1)},
	}
	page := Account{Chrome: in, Name: "Ines Sample", Email: "ines@example.com", EmailProven: true, Balance: 48, CanExport: true, CanDelete: true}
	whole, failed, lost := page, page, page
	letters := []Preference{{"offers", "Letters after a purchase, and offers", "How others use what you bought.", true}, {"newsletter", "The monthly letter", "One a month.", false}}
	whole.More = &AccountMore{Devices: devices, HasPassword: true, Admin: true, Letters: letters}
	failed.More = &AccountMore{
		Devices: devices[:1], HasPassword: true, Letters: letters, Stopped: true,
		Email:    Form{Values: map[string]string{"email": "new@"}, Errors: map[string]string{"email": "This is not a complete e-mail address.", "email_password": "This is not your password."}},
		Password: Form{Errors: map[string]string{"new_password": "Use at least 8 characters.", "current_password": "This is not your password."}},
		Delete:   Form{Errors: map[string]string{"password": "This is not your password."}},
	}
	lost.Email, lost.EmailProven = "", false
	lost.More = &AccountMore{Devices: devices, HasPassword: true, AddressLost: true}
	return []Sample{{"account-more", whole}, {"account-more-failed", failed}, {"account-lost", lost}}
}
