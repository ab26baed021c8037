package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/campaigns"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

func campaignPath(id campaigns.ID) string { return "/admin/campaigns/" + url.PathEscape(string(id)) }

// localForm is how a form's field writes a time.
const localForm = "2006-01-02T15:04"

// campaignFigures are what each campaign came to since it was written.
func (s *Server) campaignFigures(ctx context.Context) (map[campaigns.ID]tracking.CampaignFigures, string, error) {
	all, err := s.opts.Voice.Analytics(ctx, time.Unix(0, 0).UTC(), s.opts.Clock.Now().Add(time.Hour))
	if err != nil {
		return nil, "", err
	}
	out := make(map[campaigns.ID]tracking.CampaignFigures, len(all.Campaigns))
	for _, f := range all.Campaigns {
		out[campaigns.ID(f.Campaign)] = f
	}
	return out, all.Currency, nil
}

// deskCampaigns is GET /admin/campaigns.
func (s *Server) deskCampaigns(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "campaigns", "Campaigns")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = "One letter to one segment, at a time that you choose."
	d.Links = []view.DeskLink{{Label: "Write a campaign", Href: "/admin/campaigns/new"}, {Label: "What each figure means", Href: "/admin/emails"}}
	list, err := s.opts.Voice.Campaigns.Read.Campaigns(ctx)
	if err != nil {
		return err
	}
	figures, currency, err := s.campaignFigures(ctx)
	if err != nil {
		return err
	}
	t := view.DeskTable{
		Title: "Newest first", Columns: []string{"Campaign", "State", "Sent", "Opened", "Clicked", "Bought", "Earned", "Against the hold-out"},
		Empty: "None yet. Write the first; nobody gets it before you schedule it.",
	}
	for _, m := range list {
		f := figures[m.ID]
		t.Rows = append(t.Rows, []view.Cell{
			{Text: m.Name, Note: m.Subject, Href: campaignPath(m.ID)},
			s.campaignState(m),
			count(f.Sent), share(f.Opened, f.Delivered), share(f.Clicked, f.Delivered), count(f.Converted), earned(f.Revenue, currency), lift(f),
		})
	}
	d.Tables = []view.DeskTable{t}
	return s.show(c, http.StatusOK, d)
}

// campaignState says where a campaign stands, and since or until when.
func (s *Server) campaignState(m campaigns.Campaign) view.Cell {
	switch m.State {
	case campaigns.Scheduled:
		return view.Cell{Text: "scheduled", Tone: view.Success, Note: s.inZone(m.SendAt, m.Zone)}
	case campaigns.Sending:
		return view.Cell{Text: "being sent", Tone: view.Warning, Note: "since " + s.inZone(m.StartedAt, m.Zone)}
	case campaigns.Sent:
		return view.Cell{Text: "sent", Note: s.inZone(m.StartedAt, m.Zone)}
	case campaigns.Missed:
		return view.Cell{Text: "missed", Tone: view.Danger, Note: "was due " + s.inZone(m.SendAt, m.Zone)}
	}
	return view.Cell{Text: string(m.State)}
}

// inZone is a time as the creator reads it.
func (s *Server) inZone(at time.Time, zone string) string {
	where, err := s.opts.Voice.Campaigns.Zone(zone)
	if err != nil {
		where, zone = time.UTC, "UTC"
	}
	return at.In(where).Format("2 January 2006, 15:04") + " " + zone
}

// deskCampaign is GET /admin/campaigns/new and /admin/campaigns/{id}.
func (s *Server) deskCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	m := campaigns.Campaign{Topic: sequences.Offers, Goal: campaigns.Clicks, TestShare: 20, TestHours: 4, Zone: "UTC", Path: "/studio-membership", Segment: segments.ID(c.Query("segment"))}
	id := c.Params("id")
	if from := c.Query("from"); id == "" && from != "" {
		id = from
	}
	if id != "" {
		var err error
		if m, err = s.opts.Voice.Campaigns.Read.CampaignByID(ctx, id); err != nil {
			return err
		}
	}
	if c.Params("id") == "" {
		m.ID, m.State, m.SendAt = "", "", time.Time{}
		all, err := s.opts.Voice.Campaigns.Read.Campaigns(ctx)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			m.Zone = all[0].Zone // the creator's own, as she gave it last
		}
	}
	if m.State != "" && !m.Open() {
		return s.showSentCampaign(ctx, c, who, m)
	}
	return s.showCampaignForm(ctx, c, who, campaignForm{m: m, to: who.User.Email, zone: m.Zone})
}

// campaignForm is the editor as it was sent, or as it is first shown.
type campaignForm struct {
	m                    campaigns.Campaign
	sendAt, zone, to, as string
	refused              *core.Error
	status               int
}

func (s *Server) showCampaignForm(ctx context.Context, c *fiber.Ctx, who *signedIn, f campaignForm) error {
	m, title, action := f.m, "A new campaign", "/admin/campaigns/new"
	if m.ID != "" {
		title, action = m.Name, campaignPath(m.ID)
	}
	d, err := s.desk(ctx, who, "campaigns", title)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = "A draft. Nobody gets it before you schedule it."
	if m.State == campaigns.Scheduled {
		d.Lead = "Goes out on " + s.inZone(m.SendAt, m.Zone) + ". What you save before then is what goes out."
	}
	if m.State == campaigns.Missed {
		d.Lead = "Nobody got it. Its time was " + s.inZone(m.SendAt, m.Zone) + "; when letters could be sent again, on " + s.inZone(m.MissedAt, m.Zone) +
			", it was more than 3 days late, and what it says may not be true any more. Read it again, then give it another time or cancel it."
	}
	if f.sendAt == "" && m.State != campaigns.Missed && !m.SendAt.IsZero() {
		if where, err := s.opts.Voice.Campaigns.Zone(m.Zone); err == nil {
			f.sendAt = m.SendAt.In(where).Format(localForm)
		}
	}
	list, err := s.opts.Voice.Segments.List(ctx)
	if err != nil {
		return err
	}
	e := view.Editor{Desk: d, Action: action, Proof: &view.EditProof{Action: proofPath, As: proofField(f.as)}}
	wrong := map[string]string{}
	if f.refused != nil {
		if e.Error, wrong = f.refused.Message, f.refused.Fields; wrong == nil {
			wrong = map[string]string{}
		}
	}
	e.Fields = campaignFields(m, list, wrong)
	e.Fields = append(e.Fields,
		view.EditField{Name: "sendAt", Label: "When", Type: "datetime-local", Value: f.sendAt, Error: wrong["sendAt"], Help: "The first whole hour from then on."},
		view.EditField{Name: "zone", Label: "Time zone", Type: "list", Value: f.zone, Zone: true, Error: wrong["zone"], Options: []view.EditOption{{Value: "UTC"}, {Value: "Europe/Berlin"}, {Value: "Europe/London"}, {Value: "America/New_York"}, {Value: "America/Los_Angeles"}, {Value: "Australia/Sydney"}}, Max: 60},
		testField(f.to, wrong["to"]))
	e.Buttons = []view.EditButton{
		{Name: "do", Value: "save", Label: "Save"}, {Name: "do", Value: "test", Label: "Save and send the test", Kind: "quiet"}, {Name: "do", Value: "schedule", Label: "Save and schedule", Kind: "quiet"},
	}
	if m.ID != "" {
		e.After = append(e.After,
			view.EditForm{Title: "Cancel it", Note: "It stays in the list, and is never sent.", Action: campaignPath(m.ID) + "/cancel", Button: "Cancel this campaign", Kind: "danger"},
			view.EditForm{Title: "Copy it", Link: "/admin/campaigns/new?from=" + url.QueryEscape(string(m.ID)), LinkText: "Begin a new campaign from this one"})
	}
	return s.show(c, max(f.status, http.StatusOK), e)
}

// letterHelp says what a letter may hold, and which fields it may name.
func letterHelp(fields []string) string {
	return "Markdown: **strong**, *emphasis*, lists, tables, and [links](/feed-planner) to pages of this site. A paragraph with a field that is not known of somebody is left out for her: {" + strings.Join(fields, "}, {") + "}."
}

func campaignFields(m campaigns.Campaign, list []segments.Segment, wrong map[string]string) []view.EditField {
	whom := []view.EditOption{{Label: "Choose a segment"}}
	for _, g := range list {
		whom = append(whom, view.EditOption{Value: string(g.ID), Label: fmt.Sprintf("%s (%d)", g.Name, g.Members), On: g.ID == m.Segment})
	}
	pick := func(value string, pairs ...string) []view.EditOption {
		var out []view.EditOption
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, view.EditOption{Value: pairs[i], Label: pairs[i+1], On: pairs[i] == value})
		}
		return out
	}
	whole := func(n int) string { return strconv.Itoa(n) }
	return []view.EditField{
		{Name: "id", Type: "hidden", Value: string(m.ID)},
		{Name: "name", Label: "Name", Value: m.Name, Max: 100, Wide: true, Error: wrong["name"], Help: "For you alone."},
		{Name: "subject", Label: "Subject", Value: m.Subject, Max: 150, Wide: true, Error: wrong["subject"]},
		{Name: "subjectB", Label: "A second subject to try against it", Value: m.SubjectB, Max: 150, Wide: true, Optional: true, Error: wrong["subjectB"]},
		{Name: "preheader", Label: "Preview line", Value: m.Preheader, Max: 200, Wide: true, Optional: true, Error: wrong["preheader"], Help: "What a mailbox shows after the subject."},
		{Name: "body", Label: "Letter", Type: "textarea", Value: m.Body, Rows: 16, Max: sequences.LetterMost, Wide: true, Error: wrong["body"], Help: letterHelp(sequences.FieldsOfCampaigns())},
		{Name: "action", Label: "Button", Value: m.Action, Max: 60, Error: wrong["action"]},
		{Name: "path", Label: "Where it leads", Value: m.Path, Max: 300, Error: wrong["path"], Help: "A page of this site, beginning with /."},
		{Name: "segment", Label: "To whom", Type: "select", Options: whom, Error: wrong["segment"]},
		{Name: "topic", Label: "Topic", Type: "select", Options: pick(string(m.Topic), "offers", "Offers", "newsletter", "Newsletter"), Error: wrong["topic"], Help: "Who refused it gets nothing."},
		{Name: "holdOut", Label: "Left out, in percent", Type: "number", Value: whole(m.HoldOut), Error: wrong["holdOut"], Help: "They get nothing; what they buy all the same shows what the letter was worth."},
		{Name: "testShare", Label: "Try two subjects on, in percent", Type: "number", Value: whole(m.TestShare), Error: wrong["testShare"], Help: "Half of them get each; the rest gets the better one. Only with a second subject."},
		{Name: "testHours", Label: "Decide after, in hours", Type: "number", Value: whole(m.TestHours), Error: wrong["testHours"]},
		{Name: "goal", Label: "What decides", Type: "select", Options: pick(string(m.Goal), "clicks", "Clicks by people", "purchases", "Purchases"), Error: wrong["goal"]},
	}
}

// campaignOf is what a form says of a campaign.
func campaignOf(in url.Values, m campaigns.Campaign) campaigns.Campaign {
	line := func(name string) string { return strings.TrimSpace(in.Get(name)) }
	m.Name, m.Subject, m.SubjectB, m.Preheader = line("name"), line("subject"), line("subjectB"), line("preheader")
	m.Body, m.Action, m.Path = strings.ReplaceAll(in.Get("body"), "\r\n", "\n"), line("action"), line("path")
	m.Topic, m.Segment, m.Goal = sequences.Topic(line("topic")), segments.ID(line("segment")), campaigns.Goal(line("goal"))
	m.HoldOut, m.TestShare, m.TestHours = number(in, "holdOut"), number(in, "testShare"), number(in, "testHours")
	if m.SubjectB == "" { // what is not tried needs no share
		m.TestShare, m.TestHours = min(max(m.TestShare, 0), 100), min(max(m.TestHours, 0), 72)
	}
	return m
}

// deskSaveCampaign is POST /admin/campaigns/new and /admin/campaigns/{id}: it
// saves, and then sends a test or schedules when the button says so.
func (s *Server) deskSaveCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	v := s.opts.Voice
	f := campaignForm{
		m: campaignOf(in, campaigns.Campaign{ID: campaigns.ID(c.Params("id")), Zone: "UTC"}), sendAt: in.Get("sendAt"), zone: strings.TrimSpace(in.Get("zone")),
		to: strings.TrimSpace(in.Get("to")), as: in.Get("as"), status: http.StatusBadRequest,
	}
	again := func(err error) error {
		e := problemOf(err)
		if e.Code != core.Invalid && e.Code != core.Conflict && e.Code != core.Unprocessable {
			return err
		}
		f.refused = e
		f.status = statusOf(e.Code)
		return s.showCampaignForm(ctx, c, who, f)
	}
	saved, err := v.Campaigns.Save(ctx, f.m)
	if err != nil {
		return again(err)
	}
	f.m = saved
	if err := v.Audit(ctx, who.User.ID, "campaign.save", string(saved.ID)); err != nil {
		return err
	}
	done := "campaign"
	switch in.Get("do") {
	case "test":
		if err := s.sendProofs(ctx, who, saved.Drafts(), f.as, s.audience(saved.Drafts()[0], saved.Segment), f.to); err != nil {
			return again(err)
		}
		done = "test"
	case "schedule":
		if _, err := v.Campaigns.Schedule(ctx, saved.ID, f.sendAt, f.zone, string(who.User.ID)); err != nil {
			return again(err)
		}
		done = "scheduled"
	}
	return seeOther(c, campaignPath(saved.ID)+"?done="+done)
}

// showSentCampaign is the page of a campaign that cannot be changed any more.
func (s *Server) showSentCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn, m campaigns.Campaign) error {
	d, err := s.desk(ctx, who, "campaigns", m.Name)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	state := s.campaignState(m)
	d.Lead = strings.TrimSpace("“"+m.Subject+"”, "+state.Text+" "+state.Note) + "."
	d.Links = []view.DeskLink{{Label: "Begin a new campaign from this one", Href: "/admin/campaigns/new?from=" + url.QueryEscape(string(m.ID))}}
	figures, currency, err := s.campaignFigures(ctx)
	if err != nil {
		return err
	}
	f := figures[m.ID]
	d.Figures = append(mailFigures(f.MailFigures, currency), view.Figure{Label: "Against the hold-out", Value: lift(f).Text, Definition: tracking.Definitions["lift"]})
	if m.Winner != "" {
		subject := m.Subject
		if m.Winner == "b" {
			subject = m.SubjectB
		}
		d.Tables = append(d.Tables, view.DeskTable{Title: "The better subject", Columns: []string{"Subject", "Why"}, Rows: [][]view.Cell{{{Text: subject}, {Text: m.WinnerWhy}}}})
	}
	t := view.DeskTable{Title: "The letter", Columns: []string{"As it was written"}}
	for _, p := range strings.Split(m.Body, "\n\n") {
		t.Rows = append(t.Rows, []view.Cell{{Text: p}})
	}
	t.Rows = append(t.Rows, []view.Cell{{Text: m.Action, Note: m.Path}})
	d.Tables = append(d.Tables, t)
	if m.State == campaigns.Sending {
		d.Forms = []view.DeskForm{{Action: campaignPath(m.ID) + "/cancel", Button: "Stop sending", Kind: "danger small"}}
	}
	return s.show(c, http.StatusOK, d)
}

// deskCancelCampaign is POST /admin/campaigns/{id}/cancel.
func (s *Server) deskCancelCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.Voice.Campaigns.Cancel(ctx, campaigns.ID(c.Params("id")), string(who.User.ID)); err != nil {
		return err
	}
	return seeOther(c, "/admin/campaigns?done=cancelled")
}

// Cells of the lists of letters.

func count(n int) view.Cell { return view.Cell{Text: strconv.Itoa(n), Num: true} }

func share(part, whole int) view.Cell {
	c := count(part)
	if whole > 0 {
		r := float64(part) / float64(whole)
		c.Note = percent(&r)
	}
	return c
}

func earned(minor int64, currency string) view.Cell {
	return view.Cell{Text: core.Money{Minor: minor, Currency: currency}.String(), Num: true}
}

// lift says how many more bought than of those who were left out.
func lift(f tracking.CampaignFigures) view.Cell {
	l := f.Lift()
	if l == nil {
		return view.Cell{Text: "–", Note: "nobody was left out"}
	}
	with, without := float64(f.Bought)/float64(f.Sent), float64(f.HeldOutBought)/float64(f.HeldOut)
	return view.Cell{Text: fmt.Sprintf("%+.1f points", *l*100), Note: percent(&with) + " bought, " + percent(&without) + " without the letter"}
}
