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
	// Of those who could have got the letter and were left out to compare with, how
	// many there were, and how many bought within 7 days of their turn all the same.
	HeldOut       int `json:"heldOut"`
	HeldOutBought int `json:"heldOutBought"`
	// Bought is how many of those who got the letter bought within 7 days of their
	// turn, by whatever way: the number to hold against HeldOutBought.
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

// Lift is how much larger the share of buyers was among those who got the letter
// than among those who were left out; nil where nobody was, or nobody got it.
func (f CampaignFigures) Lift() *float64 {
	if f.HeldOut <= 0 || f.Sent <= 0 {
		return nil
	}
	l := float64(f.Bought)/float64(f.Sent) - float64(f.HeldOutBought)/float64(f.HeldOut)
	return &l
}

// Definitions say what each figure of a letter counts.
var Definitions = map[string]string{
	"sent":              "Letters that a mail server took.",
	"delivered":         "Sent, and not come back.",
	"opened":            "Letters that a person opened, once each. A mailbox that loads no pictures is not seen; a click counts as opening.",
	"openedByMachines":  "Letters whose pictures a program loaded: scanners, and mailboxes that fetch everything.",
	"clicked":           "Letters in which a person followed a link, once each.",
	"clickedByMachines": "Letters whose links a program followed.",
	"converted":         "Letters after which their reader bought and kept what she bought: by their link, or within 7 days of her last click.",
	"revenue":           "What those purchases brought, less what was refunded.",
	"unsubscribed":      "Letters by which somebody ended all of them.",
	"perLetter":         "Earned, over sent.",
	"lift":              "The share of buyers among those who got the letter less the share among those who were left out, both within 7 days. Few people make it a guess.",
}
