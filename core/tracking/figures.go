package tracking

// MailFigures are what letters came to, of the figures that admin shows.
type MailFigures struct {
	Sent              int   `json:"sent"`      // handed over to a mail server
	Delivered         int   `json:"delivered"` // sent and not come back
	Opened            int   `json:"opened"`    // by people; once per letter, like all that follows
	OpenedByMachines  int   `json:"openedByMachines"`
	Clicked           int   `json:"clicked"`
	ClickedByMachines int   `json:"clickedByMachines"`
	Converted         int   `json:"converted"` // a purchase followed and was kept
	Revenue           int64 `json:"revenue"`   // minor units, net of refunds
	Unsubscribed      int   `json:"unsubscribed"`
}

// StepFigures are the figures of one step of a series.
type StepFigures struct {
	Sequence string `json:"sequence"`
	Step     string `json:"step"`
	Subject  string `json:"subject"` // of the newest letter
	MailFigures
}

// CampaignFigures are the figures of one campaign.
type CampaignFigures struct {
	Campaign string `json:"campaign"`
	Name     string `json:"name"`
	Subject  string `json:"subject"`
	MailFigures
	// Of those who were left out to compare with, how many there were, and how
	// many bought within 7 days of the beginning all the same.
	HeldOut       int `json:"heldOut"`
	HeldOutBought int `json:"heldOutBought"`
	// Bought is how many of those who got the letter bought within the same days,
	// by whatever way: the number to hold against HeldOutBought.
	Bought int `json:"bought"`
}

// EmailAnalytics is the answer of GET /api/admin/email-analytics. Totals are of
// all marketing mail, abandoned checkouts included.
type EmailAnalytics struct {
	Sequences []StepFigures     `json:"sequences"`
	Campaigns []CampaignFigures `json:"campaigns"`
	Totals    MailFigures       `json:"totals"`
	Currency  string            `json:"currency"`
}
