package view

import "time"

// Ticket is one note to the creator, GET /admin/tickets/{id}.
type Ticket struct {
	Desk
	ID           string
	From, Email  string // as typed; empty once the account was erased
	About        string
	Withdrawal   bool
	Contract     string // what a withdrawal names
	Message      string
	At           time.Time
	AnsweredAt   time.Time
	ClosedAt     time.Time
	State        string // "open", "answered" or "closed"
	Reply        string // a mailto: address, "" without an address
	CustomerHref string // who was signed in, "" for a visitor
}

func (v Ticket) about(*Renderer) about {
	return about{Template: "ticket", Body: "desk", Title: v.Title, Private: true, Description: "A note to the creator."}
}

func sampleTicket(at time.Time) Ticket {
	d := sampleDesk(at)
	return Ticket{
		Desk: Desk{Chrome: d.Chrome, Section: "tickets", Title: "A note from Ines Sample"}, ID: "tkt_1", From: "Ines Sample", Email: "ines@example.com",
		About: "Bio Glow-Up", Message: "The third bio has my old town in it.\n\nCan I have it again?\nInes <3", At: at, State: "open",
		Reply: "mailto:ines%40example.com?subject=Your%20note", CustomerHref: "/admin/users/usr_1",
	}
}

func sampleWithdrawal(at time.Time) Ticket {
	t := sampleTicket(at)
	t.Title, t.Withdrawal, t.Contract, t.Message = "A withdrawal from Ines Sample", true, "Bio Glow-Up, 2 March 2026", ""
	t.AnsweredAt, t.ClosedAt, t.State, t.CustomerHref = at.Add(time.Hour), at.Add(2*time.Hour), "closed", ""
	return t
}
