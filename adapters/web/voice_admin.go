package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/campaigns"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// Voice is what the creator asks of segments and campaigns.
type Voice struct {
	Segments  *segments.Service
	Campaigns *campaigns.Service
	Series    *sequences.Service
	Proofs    *sequences.Proofs // shows letters before they go out, and sends tests
	// Analytics tells what letters that were promised between two times came to.
	Analytics func(ctx context.Context, from, to time.Time) (tracking.EmailAnalytics, error)
	// Audit keeps an admin's action that the core does not keep itself.
	Audit func(ctx context.Context, admin core.UserID, action, subject string) error
}

func (s *Server) voiceRoutes() {
	if s.opts.Admin == nil || s.opts.Voice == nil {
		return
	}
	call := func(path string, h page) { s.app.Get("/api/admin"+path, s.adminCall(h)) }
	act := func(path string, h page) { s.app.Post("/api/admin"+path, s.adminCall(h)) }
	call("/email-analytics", s.adminMailFigures)
	call("/segments", s.adminSegments)
	act("/segments", s.adminSaveSegment)
	act("/segments/preview", s.adminPreviewSegment)
	call("/segments/:id/members", s.adminMembers)
	call("/campaigns", s.adminCampaigns)
	act("/campaigns", s.adminSaveCampaign)
	act("/campaigns/:id/preview", s.adminPreviewCampaign)
	act("/campaigns/:id/test", s.adminTestCampaign)
	act("/campaigns/:id/schedule", s.adminSchedule)
	act("/campaigns/:id/cancel", s.adminCancel)
	s.voicePages()
}

// voicePages are the creator's pages for what writes to people by itself.
func (s *Server) voicePages() {
	get := func(path string, h page) { s.app.Get("/admin"+path, s.admins(h)) }
	post := func(path string, h page) { s.app.Post("/admin"+path, s.admins(h)) }
	get("/emails", s.deskEmails)
	get("/segments", s.deskSegments)
	get("/segments/new", s.deskEditSegment)
	post("/segments/new", s.deskSaveSegment)
	get("/segments/:id", s.deskSegment)
	get("/segments/:id/edit", s.deskEditSegment)
	post("/segments/:id/edit", s.deskSaveSegment)
	post("/segments/:id/delete", s.deskDeleteSegment)
	get("/segments/:id/members.csv", s.fresh(s.deskMembersCSV))
	get("/campaigns", s.deskCampaigns)
	get("/campaigns/new", s.deskCampaign)
	post("/campaigns/new", s.deskSaveCampaign)
	get("/campaigns/:id", s.deskCampaign)
	post("/campaigns/:id", s.deskSaveCampaign)
	post("/campaigns/:id/cancel", s.deskCancelCampaign)
	get("/series", s.deskSeries)
	get("/series/:series/:step", s.deskStep)
	post("/series/:series/:step", s.deskSaveStep)
	s.app.Post(proofPath, s.admins(s.proof))
}

// adminMailFigures is GET /api/admin/email-analytics.
func (s *Server) adminMailFigures(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	from, to, err := s.opts.Admin.Desk.Period(c.Query("from"), c.Query("to"))
	if err != nil {
		return err
	}
	figures, err := s.opts.Voice.Analytics(ctx, from, to)
	if err != nil {
		return err
	}
	if c.Query("format") == "csv" {
		return lettersCSV(c, figures)
	}
	return c.JSON(figures)
}

// segmentJSON is a segment with a time that may be missing.
type segmentJSON struct {
	segments.Segment
	RefreshedAt *time.Time `json:"refreshedAt"`
}

func newSegmentJSON(g segments.Segment) segmentJSON { return segmentJSON{g, optional(g.RefreshedAt)} }

// adminSegments is GET /api/admin/segments.
func (s *Server) adminSegments(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	found, err := s.opts.Voice.Segments.List(ctx)
	if err != nil {
		return err
	}
	items := make([]segmentJSON, 0, len(found))
	for _, g := range found {
		items = append(items, newSegmentJSON(g))
	}
	return c.JSON(fiber.Map{"items": items})
}

type segmentBody struct {
	ID   segments.ID     `json:"id"`
	Name string          `json:"name"`
	Rule json.RawMessage `json:"rule"`
}

func readSegment(c *fiber.Ctx) (in segmentBody, rule segments.Rule, err error) {
	if err = readJSON(c, &in); err != nil {
		return in, rule, err
	}
	if len(in.Rule) == 0 {
		return in, rule, core.FieldError("web.readSegment", "rule", "Say who belongs to it.")
	}
	rule, err = segments.Parse(in.Rule)
	return in, rule, err
}

// adminSaveSegment is POST /api/admin/segments: with an id it changes one.
func (s *Server) adminSaveSegment(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, rule, err := readSegment(c)
	if err != nil {
		return err
	}
	saved, err := s.opts.Voice.Segments.Save(ctx, segments.Segment{ID: in.ID, Name: in.Name, Rule: rule})
	if err != nil {
		return err
	}
	if err := s.opts.Voice.Audit(ctx, who.User.ID, "segment.save", string(saved.ID)); err != nil {
		return err
	}
	return c.Status(created(in.ID == "")).JSON(newSegmentJSON(saved))
}

// adminPreviewSegment is POST /api/admin/segments/preview.
func (s *Server) adminPreviewSegment(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	_, rule, err := readSegment(c)
	if err != nil {
		return err
	}
	n, err := s.opts.Voice.Segments.Preview(ctx, rule)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"members": n})
}

// adminMembers is GET /api/admin/segments/{id}/members: the first of them, or
// all as CSV.
func (s *Server) adminMembers(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	id := segments.ID(c.Params("id"))
	if _, err := s.opts.Voice.Segments.Read.SegmentByID(ctx, id); err != nil {
		return err
	}
	if c.Query("format") == "csv" {
		return s.fresh(func(ctx context.Context, c *fiber.Ctx, who *signedIn) error { return s.membersCSV(ctx, c, who, id) })(ctx, c, who)
	}
	members, failed := s.opts.Voice.Segments.Export(ctx, id)
	type item struct {
		ID       core.UserID `json:"id"`
		Email    string      `json:"email"`
		Name     string      `json:"name"`
		JoinedAt time.Time   `json:"joinedAt"`
	}
	items := []item{}
	for m := range members {
		if items = append(items, item{m.User, m.Email, m.Name, m.JoinedAt.UTC()}); len(items) == deskPage {
			break
		}
	}
	if err := failed(); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"items": items})
}

// membersCSV writes everybody in a segment, and keeps that it left the house.
func (s *Server) membersCSV(ctx context.Context, c *fiber.Ctx, who *signedIn, id segments.ID) error {
	if err := s.opts.Voice.Audit(ctx, who.User.ID, "segment.export", string(id)); err != nil {
		return err
	}
	members, failed := s.opts.Voice.Segments.Export(ctx, id)
	var out strings.Builder
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"id", "email", "name", "joinedAt"}) // a builder takes everything
	for m := range members {
		_ = w.Write([]string{string(m.User), cell(m.Email), cell(m.Name), m.JoinedAt.UTC().Format(time.RFC3339)})
	}
	w.Flush()
	if err := failed(); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="members.csv"`)
	return c.SendString(out.String())
}

// campaignJSON is a campaign with times that may be missing.
type campaignJSON struct {
	campaigns.Campaign
	SendAt     *time.Time `json:"sendAt"`
	StartedAt  *time.Time `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	MissedAt   *time.Time `json:"missedAt"`
}

func newCampaignJSON(c campaigns.Campaign) campaignJSON {
	return campaignJSON{c, optional(c.SendAt), optional(c.StartedAt), optional(c.FinishedAt), optional(c.MissedAt)}
}

// adminCampaigns is GET /api/admin/campaigns.
func (s *Server) adminCampaigns(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	found, err := s.opts.Voice.Campaigns.Read.Campaigns(ctx)
	if err != nil {
		return err
	}
	items := make([]campaignJSON, 0, len(found))
	for _, m := range found {
		items = append(items, newCampaignJSON(m))
	}
	return c.JSON(fiber.Map{"items": items})
}

// adminSaveCampaign is POST /api/admin/campaigns: with an id it changes one.
func (s *Server) adminSaveCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	var in struct {
		ID        campaigns.ID    `json:"id"`
		Name      string          `json:"name"`
		Subject   string          `json:"subject"`
		SubjectB  string          `json:"subjectB"`
		Preheader string          `json:"preheader"`
		Body      letterText      `json:"body"`
		Action    string          `json:"action"`
		Path      string          `json:"path"`
		Topic     sequences.Topic `json:"topic"`
		Segment   segments.ID     `json:"segment"`
		HoldOut   int             `json:"holdOut"`
		TestShare int             `json:"testShare"`
		TestHours int             `json:"testHours"`
		Goal      campaigns.Goal  `json:"goal"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Topic == "" {
		in.Topic = sequences.Offers
	}
	if in.Goal == "" {
		in.Goal = campaigns.Clicks
	}
	saved, err := s.opts.Voice.Campaigns.Save(ctx, campaigns.Campaign{
		ID: in.ID, Name: in.Name, Subject: in.Subject, SubjectB: in.SubjectB, Preheader: in.Preheader, Body: string(in.Body), Action: in.Action, Path: in.Path,
		Topic: in.Topic, Segment: in.Segment, Zone: "UTC", HoldOut: in.HoldOut, TestShare: in.TestShare, TestHours: in.TestHours, Goal: in.Goal,
	})
	if err != nil {
		return err
	}
	if err := s.opts.Voice.Audit(ctx, who.User.ID, "campaign.save", string(saved.ID)); err != nil {
		return err
	}
	return c.Status(created(in.ID == "")).JSON(newCampaignJSON(saved))
}

func created(fresh bool) int {
	if fresh {
		return http.StatusCreated
	}
	return http.StatusOK
}

// adminPreviewCampaign is POST /api/admin/campaigns/{id}/preview: the letter as
// one customer gets it, with each subject.
func (s *Server) adminPreviewCampaign(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	in := struct {
		As string `json:"as"` // the customer; "" for anybody who would get it
	}{}
	if len(c.BodyRaw()) > 0 {
		if err := readJSON(c, &in); err != nil {
			return err
		}
	}
	m, err := s.opts.Voice.Campaigns.Read.CampaignByID(ctx, c.Params("id"))
	if err != nil {
		return err
	}
	if s.opts.Voice.Proofs == nil {
		return errNoMail
	}
	reader, name, err := s.readerOf(ctx, in.As, s.audience(m.Drafts()[0], m.Segment))
	if err != nil {
		return err
	}
	type item struct {
		Subject string   `json:"subject"`
		HTML    string   `json:"html"`
		Text    string   `json:"text"`
		Missing []string `json:"missing"` // fields that are not known of the customer
	}
	items := []item{}
	for _, d := range m.Drafts() {
		p, err := s.opts.Voice.Proofs.Show(ctx, d, reader)
		if err != nil {
			return err
		}
		items = append(items, item{p.Letter.Subject, p.Letter.HTML, p.Letter.Text, append([]string{}, p.Missing...)})
	}
	return c.JSON(fiber.Map{"as": name, "items": items})
}

// adminTestCampaign is POST /api/admin/campaigns/{id}/test: to the admin herself
// where no address is given.
func (s *Server) adminTestCampaign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in := struct {
		To string `json:"to"`
		As string `json:"as"` // the customer as whom it is written
	}{}
	if len(c.BodyRaw()) > 0 {
		if err := readJSON(c, &in); err != nil {
			return err
		}
	}
	if in.To == "" {
		in.To = who.User.Email
	}
	m, err := s.opts.Voice.Campaigns.Read.CampaignByID(ctx, c.Params("id"))
	if err != nil {
		return err
	}
	if err := s.sendProofs(ctx, who, m.Drafts(), in.As, s.audience(m.Drafts()[0], m.Segment), in.To); err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"id": m.ID, "to": in.To})
}

// adminSchedule is POST /api/admin/campaigns/{id}/schedule.
func (s *Server) adminSchedule(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	var in struct {
		SendAt string `json:"sendAt"` // 2026-03-20T09:30, in the zone
		Zone   string `json:"zone"`   // Europe/Berlin
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	m, err := s.opts.Voice.Campaigns.Schedule(ctx, campaigns.ID(c.Params("id")), in.SendAt, in.Zone, string(who.User.ID))
	if err != nil {
		return err
	}
	return c.JSON(newCampaignJSON(m))
}

// adminCancel is POST /api/admin/campaigns/{id}/cancel. The second time is fine.
func (s *Server) adminCancel(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	id := campaigns.ID(c.Params("id"))
	if err := s.opts.Voice.Campaigns.Cancel(ctx, id, string(who.User.ID)); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"id": id, "state": campaigns.Cancelled})
}
