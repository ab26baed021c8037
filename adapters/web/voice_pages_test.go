package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/letters"
	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/brand"
	"sselfie/core/campaigns"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
	staticmail "sselfie/static/mail"
	staticsequences "sselfie/static/sequences"
)

// gate says why no marketing goes out, "" when it does.
type gate struct{ why string }

func (g *gate) MarketingPaused(context.Context, time.Time) (string, error) { return g.why, nil }

// openVoice is a shop whose desk has segments, campaigns and series.
func openVoice(t *testing.T) (s *shop, ada string, g *gate) {
	t.Helper()
	g = &gate{}
	s, ada = openDesk(t, func(o *web.Options) {
		db := o.Reads.(*sqlite.DB)
		files, err := staticsequences.Read(nil)
		if err != nil {
			t.Fatal(err)
		}
		lib, bad := sequences.NewLibrary(files)
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		light := letters.PaletteOf(brand.Default().Light)
		r, err := letters.New(letters.Config{
			Look:        letters.Look{BrandName: "Sselfie", SenderName: "Ada", From: "Ada <ada@shop.example>", PostalAddress: "1 Sample Street", BaseURL: o.BaseURL, Light: light, Dark: light},
			Files:       staticmail.Files,
			Unsubscribe: func(context.Context, mail.Outgoing) (string, error) { return "token", nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ids, tokens := locksmith.IDs{}, locksmith.Tokens{}
		v := &web.Voice{
			Segments:  &segments.Service{Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: db, Clock: o.Clock, IDs: ids, Catalog: o.Catalog, Grace: o.Grace},
			Campaigns: &campaigns.Service{Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) campaigns.Tx { return tx }), Read: db, Gate: g, Trial: r, Clock: o.Clock, IDs: ids, Tokens: tokens, Zone: time.LoadLocation},
			Series:    &sequences.Service{Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) sequences.Tx { return tx }), Read: db, Gate: g, Trial: r, Clock: o.Clock, IDs: ids, Tokens: tokens, Library: lib, Catalog: o.Catalog},
			Proofs: &sequences.Proofs{
				Author: &sequences.Author{Next: r, Bag: db, Gate: g, Library: lib, Catalog: o.Catalog, Brand: "Sselfie", BaseURL: o.BaseURL, Track: true},
				Store:  sqlite.Bind(db, func(tx *sqlite.Tx) sequences.ProofTx { return tx }), IDs: ids, Tokens: tokens, Fold: locksmith.NewFold(), Clock: o.Clock,
			},
			Analytics: func(ctx context.Context, from, to time.Time) (tracking.EmailAnalytics, error) {
				return db.EmailAnalytics(ctx, from, to, "usd")
			},
			Audit: func(ctx context.Context, admin core.UserID, action, subject string) error {
				return db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
					return tx.Audit(ctx, core.Audit{ID: ids.NewID("aud"), Actor: string(admin), Action: action, Subject: subject, At: o.Clock.Now()})
				})
			},
		}
		o.Voice = v
	})
	if err := s.opts.Voice.Segments.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, ada, g
}

// press sends a form of the desk.
func (s *shop) press(cookie, path string, pairs ...string) answer {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return s.do(ask{method: "POST", path: path, body: v.Encode(), kind: "application/x-www-form-urlencoded", cookie: cookie, header: map[string]string{"Accept": "text/html"}})
}

func (s *shop) page(cookie, path string) answer {
	s.t.Helper()
	return s.do(ask{path: path, cookie: cookie, header: map[string]string{"Accept": "text/html"}})
}

// says fails when a page is not what it should be.
func says(t *testing.T, a answer, status int, has ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %.500s", a.status, status, a.body)
	}
	for _, h := range has {
		if !strings.Contains(a.body, h) {
			t.Errorf("the page lacks %q: %.3000s", h, a.body)
		}
	}
}

// audited reports whether the log has an action.
func (s *shop) audited(action string) bool {
	s.t.Helper()
	log, err := s.db.AuditLog(s.t.Context(), 50)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range log {
		if l.Action == action && l.Actor != "" {
			return true
		}
	}
	return false
}

// A creator builds a segment by buttons alone: no script runs here.
func TestASegmentIsBuiltByButtons(t *testing.T) {
	s, ada, _ := openVoice(t)
	s.buy("bio_glowup", "anna@x.test", "")
	const at = "/admin/segments/new"
	says(t, s.page(ada, at), http.StatusOK, `"Path":"r"`, `"Parts":null`)
	says(t, s.press(ada, at, "do", "save", "name", "Mine", "r-join", "all"), http.StatusBadRequest, "Add a first condition")
	says(t, s.press(ada, at, "do", "add r", "name", "Mine", "r-join", "all", "r-add", "purchased"), http.StatusOK, `"Kind":"purchased"`, `"Value":"Mine"`)
	says(t, s.press(ada, at, "do", "count", "r-join", "all", "r-0-kind", "purchased"), http.StatusBadRequest, "Tick at least one product.")
	says(t, s.press(ada, at, "do", "count", "r-join", "all", "r-0-kind", "lastSeen", "r-0-side", "most", "r-0-number", "soon"), http.StatusBadRequest, "Give a whole number.")
	says(t, s.press(ada, at, "do", "group r", "r-join", "all", "r-0-kind", "tag", "r-0-text", "beta"), http.StatusOK, `"Path":"r-1"`, `"Value":"beta"`)
	says(t, s.press(ada, at, "do", "drop r-0", "r-join", "all", "r-0-kind", "tag", "r-0-text", "beta", "r-1-kind", "source", "r-1-text", "email"), http.StatusOK, `"Path":"r-0","Kind":"source"`, `"Value":"email"`)
	whole := []string{
		"name", "Fresh buyers", "r-join", "all", "r-0-kind", "purchased", "r-0-product[]", "bio_glowup", "r-0-product[]", "nine_post_feed",
		"r-1-join", "any", "r-1-0-kind", "entitlement", "r-1-0-choice", "studio", "r-1-0-not", "1", "r-1-1-kind", "creditsUsed", "r-1-1-number", "0", "r-1-1-most", "9",
	}
	says(t, s.press(ada, at, append([]string{"do", "count"}, whole...)...), http.StatusOK, "1 customer fits this rule now.")
	a := s.press(ada, at, append([]string{"do", "save"}, whole...)...)
	to := strings.TrimSuffix(a.header.Get("Location"), "?done=segment")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(to, "/admin/segments/seg_") {
		t.Fatalf("saving: %d %s %.400s", a.status, a.header.Get("Location"), a.body)
	}
	says(t, s.page(ada, to+"?why=anna"), http.StatusOK, "anna@x.test", "Bought Bio Glow-Up or 9-Post Feed and (is not a Studio member or used at least 0 at most 9 credits).", "Why anna@x.test belongs here", "yes: bought bio_glowup or nine_post_feed: once")
	says(t, s.page(ada, "/admin/segments"), http.StatusOK, "Fresh buyers", "1 joined, 0 left", "built in")
	says(t, s.page(ada, to+"/edit"), http.StatusOK, `"Value":"bio_glowup","Label":"Bio Glow-Up","On":true`, `"Any":true`, `"Not":true`)
	says(t, s.page(ada, to+"/members.csv"), http.StatusOK, "id,email,name,joinedAt", "anna@x.test")
	says(t, s.press(ada, at, append([]string{"do", "save"}, whole...)...), http.StatusBadRequest, "There is a segment of this name already.")
	says(t, s.page(ada, "/admin/segments/seg_studio_members/edit"), http.StatusConflict)
	says(t, s.page(ada, at+"?from=seg_studio_members"), http.StatusOK, `"Kind":"entitlement"`)

	// It stays while a campaign is on its way to it.
	id := strings.TrimPrefix(to, "/admin/segments/")
	a = s.press(ada, "/admin/campaigns/new", append(letterForm("segment", id), "do", "schedule", "sendAt", s.clock.Now().Add(24*time.Hour).Format("2006-01-02T15:04"), "zone", "UTC")...)
	if a.status != http.StatusSeeOther {
		t.Fatalf("scheduling: %d %.600s", a.status, a.body)
	}
	campaign := strings.TrimSuffix(a.header.Get("Location"), "?done=scheduled")
	says(t, s.press(ada, to+"/delete"), http.StatusConflict, "The campaign “Spring” goes to this segment.")
	if a := s.press(ada, campaign+"/cancel"); a.status != http.StatusSeeOther {
		t.Fatalf("cancelling: %d", a.status)
	}
	if a := s.press(ada, to+"/delete"); a.header.Get("Location") != "/admin/segments?done=gone" {
		t.Errorf("deleting: %d %.300s", a.status, a.body)
	}
	if m, err := s.opts.Voice.Campaigns.Read.CampaignByID(t.Context(), strings.TrimPrefix(campaign, "/admin/campaigns/")); err != nil || m.Segment != "" {
		t.Errorf("the campaign that was cancelled: %+v %v", m, err)
	}
	for _, action := range []string{"segment.save", "segment.export", "segment.delete", "campaign.save", "campaign.schedule", "campaign.cancel"} {
		if !s.audited(action) {
			t.Errorf("%s is not in the audit log", action)
		}
	}
	s.wall.Move(16 * time.Minute)
	if a := s.page(ada, "/admin/segments/seg_studio_members/members.csv"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/auth/login?again=1") {
		t.Errorf("an old session takes the members away: %d", a.status)
	}
	s.play(t, scenario{ask: ask{path: "/api/admin/segments/seg_studio_members/members?format=csv", cookie: ada}, status: 401, has: []string{`"reauth_required"`}})
}

// letterForm is a campaign as its form sends it.
func letterForm(pairs ...string) []string {
	out := []string{
		"name", "Spring", "subject", "A word about light", "body", "You have {credits_left} credits.\n\nOf {product} nothing is known.\n\nSee [the planner](/feed-planner), **today**.",
		"action", "See it", "path", "/nine-post-feed", "topic", "offers", "goal", "clicks", "holdOut", "10", "testShare", "20", "testHours", "4",
	}
	return append(out, pairs...)
}

func TestACampaignIsWrittenTriedAndScheduled(t *testing.T) {
	s, ada, g := openVoice(t)
	s.buy("bio_glowup", "anna@x.test", "")
	segment := string(segments.BuyersID("bio_glowup"))
	if _, err := s.opts.Voice.Segments.Refresh(t.Context(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}

	// The letter as a customer gets it, before anything is saved.
	a := s.press(ada, "/admin/proof", letterForm("segment", segment)...)
	says(t, a, http.StatusOK, "As anna@x.test gets it.", "Left out is what needs {product}", "You have 25 credits.", "<strong>today</strong>", `href="`+s.opts.BaseURL+`/feed-planner"`)
	if strings.Contains(a.body, "nothing is known.") {
		t.Error("a paragraph without its value is shown")
	}
	if csp := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox") || !strings.Contains(csp, "frame-ancestors 'self'") {
		t.Errorf("the frame's policy is %s", csp)
	}
	if csp := s.page(ada, "/admin/campaigns/new").header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src 'self'") {
		t.Errorf("the editor's policy is %s", csp)
	}
	says(t, s.press(ada, "/admin/proof?part=text", letterForm("segment", segment, "as", "ada@shop")...), http.StatusOK, "Subject: A word about light", "the planner <"+s.opts.BaseURL)
	says(t, s.press(ada, "/admin/proof", letterForm("as", "nobody@x.test")...), http.StatusOK, "Nobody is found by")
	bad := letterForm()
	bad[5] = "<script>alert(1)</script>"
	says(t, s.press(ada, "/admin/proof", bad...), http.StatusOK, "holds HTML")

	const at = "/admin/campaigns/new"
	for name, c := range map[string]struct {
		i           int
		value, want string
	}{
		"a template":         {5, "{{.Email}}", "single braces"},
		"a field of fantasy": {5, "{nobody}", "which nobody fills"},
		"a link that leaves": {5, "[x](https://evil.example)", "a page of this site"},
		"no subject":         {3, "", "This is missing."},
		"a share of nothing": {15, "many", "Leave out from 0 to 50 percent."},
	} {
		t.Run(name, func(t *testing.T) {
			form := letterForm("do", "save")
			form[c.i] = c.value
			says(t, s.press(ada, at, form...), http.StatusBadRequest, c.want, "Spring")
		})
	}
	a = s.press(ada, at, letterForm("do", "test", "to", "me@shop.example", "segment", segment)...)
	campaign := strings.TrimSuffix(a.header.Get("Location"), "?done=test")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(campaign, "/admin/campaigns/cmp_") {
		t.Fatalf("the test: %d %.600s", a.status, a.body)
	}
	box, _, err := s.db.Outbox(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	tests := 0
	for _, m := range box {
		if m.To == "me@shop.example" && m.Kind == mail.Campaign {
			tests++
		}
	}
	if tests != 1 || !s.audited("letter.test") {
		t.Errorf("%d tests in the outbox", tests)
	}
	says(t, s.press(ada, campaign, letterForm("do", "test", "to", "me", "segment", segment)...), http.StatusBadRequest, "Give the address")
	g.why = "too many bounces"
	says(t, s.press(ada, campaign, letterForm("do", "test", "to", "me@shop.example", "segment", segment)...), http.StatusConflict, "too many bounces")
	g.why = ""
	says(t, s.press(ada, campaign, letterForm("do", "schedule", "segment", segment, "sendAt", "2020-01-01T09:30", "zone", "Europe/Berlin")...), http.StatusBadRequest, "This time has passed: there it is", "Choose a later one.")
	says(t, s.press(ada, campaign, letterForm("do", "schedule", "sendAt", "2026-03-20T09:30", "zone", "Europe/Berlin")...), http.StatusBadRequest, "Choose whom it goes to.")
	if a := s.press(ada, campaign, letterForm("do", "schedule", "segment", segment, "sendAt", "2026-03-20T09:30", "zone", "Europe/Berlin")...); a.status != http.StatusSeeOther {
		t.Fatalf("scheduling: %d %.400s", a.status, a.body)
	}
	says(t, s.page(ada, campaign), http.StatusOK, "Goes out on 20 March 2026, 09:30 Europe/Berlin.", `"Value":"2026-03-20T09:30"`)
	says(t, s.page(ada, "/admin/campaigns"), http.StatusOK, "scheduled", "20 March 2026, 09:30 Europe/Berlin")
	s.play(t, scenario{ask: ask{method: "POST", path: "/api" + campaign + "/preview", body: `{"as":"anna@x.test"}`, cookie: ada}, status: 200, has: []string{`"as":"anna@x.test"`, `"missing":["product"]`, `"subject":"A word about light"`, `You have 25 credits.`}})
	if _, err := s.opts.Voice.Campaigns.Run(t.Context(), time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	says(t, s.page(ada, campaign), http.StatusOK, "sent", "You have {credits_left} credits.", "Begin a new campaign from this one", "Against the hold-out")
	says(t, s.page(ada, "/admin/campaigns/new?from="+strings.TrimPrefix(campaign, "/admin/campaigns/")), http.StatusOK, "A word about light", "A new campaign", "Europe/Berlin")
	says(t, s.press(ada, campaign, letterForm("do", "save", "segment", segment)...), http.StatusConflict, "has begun")
}

// A campaign whose time passed while the process was down is told of where the
// creator looks first, with what to do.
func TestAMissedCampaignIsToldOf(t *testing.T) {
	s, ada, _ := openVoice(t)
	s.buy("bio_glowup", "anna@x.test", "")
	at := s.clock.Now().Add(24 * time.Hour)
	a := s.press(ada, "/admin/campaigns/new", append(letterForm("segment", string(segments.BuyersID("bio_glowup"))), "do", "schedule", "sendAt", at.Format("2006-01-02T15:04"), "zone", "UTC")...)
	if a.status != http.StatusSeeOther {
		t.Fatalf("scheduling: %d %.600s", a.status, a.body)
	}
	campaign := strings.TrimSuffix(a.header.Get("Location"), "?done=scheduled")
	s.clock.Advance(35 * 24 * time.Hour)
	if _, err := s.opts.Voice.Campaigns.Run(t.Context(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	due := at.UTC().Format("2 January 2006, 15:04") + " UTC"
	says(t, s.page(ada, "/admin"), http.StatusOK, "The campaign “Spring” was not sent: its time had passed", "due "+due, campaign)
	says(t, s.page(ada, "/admin/campaigns"), http.StatusOK, `"missed"`, "was due "+due)
	says(t, s.page(ada, campaign), http.StatusOK, "Nobody got it. Its time was "+due, "give it another time or cancel it", "Cancel this campaign")
	says(t, s.do(ask{path: "/api/admin/campaigns", cookie: ada}), http.StatusOK, `"state":"missed"`, `"missedAt":"`)
	if a := s.press(ada, campaign+"/cancel"); a.status != http.StatusSeeOther {
		t.Fatalf("cancelling: %d", a.status)
	}
	if a := s.page(ada, "/admin"); strings.Contains(a.body, "was not sent") {
		t.Error("cancelled, and the overview still asks for it")
	}
}

// The same letter is taken or refused by every door, in any script.
func TestALetterHasOneLimit(t *testing.T) {
	s, ada, _ := openVoice(t)
	for name, c := range map[string]struct {
		letters int
		taken   bool
	}{"as long as it may be": {20_000, true}, "a character more": {20_001, false}} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat("漢", c.letters)
			want := map[bool]int{true: http.StatusSeeOther, false: http.StatusBadRequest}[c.taken]
			for door, path := range map[string]string{"body": "/admin/campaigns/new", "text": "/admin/series/mini-product/day-7"} {
				form := slices.Concat([]string{door, text, "do", "save", "day", "7"}, letterForm()) // the first of two counts
				a := s.press(ada, path, form...)
				if a.status != want || !c.taken && !strings.Contains(a.body, "20000") {
					t.Errorf("%s: %d, want %d: %.300s", path, a.status, want, a.body)
				}
			}
			in, err := json.Marshal(map[string]any{"name": "Long", "subject": "Long", "body": text, "action": "Go", "path": "/studio"})
			if err != nil {
				t.Fatal(err)
			}
			want = map[bool]int{true: http.StatusCreated, false: http.StatusBadRequest}[c.taken]
			a := s.do(ask{method: "POST", path: "/api/admin/campaigns", body: string(in), kind: "application/json", cookie: ada})
			if a.status != want || !c.taken && !strings.Contains(a.body, "20000") {
				t.Errorf("the call: %d, want %d: %.300s", a.status, want, a.body)
			}
		})
	}
}

func TestAStepIsRewritten(t *testing.T) {
	s, ada, _ := openVoice(t)
	s.buy("bio_glowup", "anna@x.test", "")
	words := func(pairs ...string) []string {
		return append([]string{"subject", "Your {product}", "text", "Mine: {credits_left}.", "action", "Go", "path", "/account", "day", "4", "condition", ""}, pairs...)
	}
	const at = "/admin/series/mini-product/day-3"
	says(t, s.page(ada, "/admin/series"), http.StatusOK, "day-3", "as shipped", "only while her offer runs")
	says(t, s.page(ada, at), http.StatusOK, "These are the words that ship.", `"Name":"text"`)
	says(t, s.press(ada, "/admin/proof", words("series", "mini-product", "step", "day-3", "as", "anna@x.test")...), http.StatusOK, "Your Bio Glow-Up", "Mine: 25.")
	says(t, s.press(ada, at, words("do", "save", "text", "x")...), http.StatusSeeOther)
	for name, c := range map[string]struct {
		i           int
		value, want string
	}{
		"a template": {3, "{{.}}", "single braces"},
		"a word":     {9, "soon", "Give a day from 0 to 3650."},
		"no day":     {9, "", "Give a day from 0 to 3650."},
		"no such":    {9, "-4", "Give a day from 0 to 3650."},
		"a way out":  {7, "https://evil.example", "no path on this site"},
		"no words":   {3, " ", "the text is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			form := words("do", "save")
			form[c.i] = c.value
			says(t, s.press(ada, at, form...), http.StatusBadRequest, c.want)
		})
	}
	says(t, s.page(ada, at), http.StatusOK, "These are your own words.", "Mine: {credits_left}.", `"Value":"4"`)

	// One product has a voice of its own, at the pace of the series.
	says(t, s.press(ada, at+"?product=bio_glowup", words("do", "save", "text", "x", "day", "9")...), http.StatusSeeOther)
	if st, _ := s.opts.Voice.Series.Library.Step(sequences.MiniProduct, "day-3", "bio_glowup"); st.Day != 4 {
		t.Errorf("the product's step is on day %d", st.Day)
	}
	says(t, s.page(ada, "/admin/series"), http.StatusOK, "your own", "others for Bio Glow-Up")
	says(t, s.page(ada, at+"?product=nothing"), http.StatusNotFound)
	says(t, s.page(ada, "/admin/series/alumni/month-1?product=bio_glowup"), http.StatusNotFound)
	says(t, s.page(ada, "/admin/series/none/day-3"), http.StatusNotFound)

	says(t, s.press(ada, at, words("do", "test", "to", "me@shop.example", "as", "anna@x.test")...), http.StatusOK, "The test is on its way")
	if a := s.press(ada, at, "do", "reset"); a.status != http.StatusSeeOther {
		t.Fatalf("reset: %d %.300s", a.status, a.body)
	}
	says(t, s.page(ada, at), http.StatusOK, "These are the words that ship.")
	for _, action := range []string{"series.save", "series.reset", "letter.test"} {
		if !s.audited(action) {
			t.Errorf("%s is not in the audit log", action)
		}
	}
}

func TestTheDeskSaysWhatLettersEarned(t *testing.T) {
	s, ada, _ := openVoice(t)
	says(t, s.page(ada, "/admin/emails"), http.StatusOK, "What each letter earned", tracking.Definitions["revenue"], tracking.Definitions["openedByMachines"], "They earned $0, net of refunds.")
	says(t, s.page(ada, "/admin/emails?format=csv"), http.StatusOK, "kind,sequence,step,campaign,subject,sent,delivered", "total,,,,,0,0")
	says(t, s.page(ada, "/api/admin/email-analytics?format=csv"), http.StatusOK, "total,,,,,0,0")
	says(t, s.page(ada, "/admin/emails?from=2030-01-01&to=2020-01-01"), http.StatusBadRequest)
}

// A customer's page says which letter comes next, or why none does.
func TestACustomersPageSaysWhatComesNext(t *testing.T) {
	s, ada, g := openVoice(t)
	s.buy("bio_glowup", "anna@x.test", "")
	anna := s.user("anna@x.test")
	if err := s.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return s.opts.Voice.Series.Follow(ctx, tx, anna.ID) }); err != nil {
		t.Fatal(err)
	}
	at := "/admin/users/" + string(anna.ID)
	says(t, s.page(ada, at), http.StatusOK, "Which letter comes next", "After a mini product", "day-3", "not yet", "day 3 is on", "Bio Glow-Up Buyers - Not Studio")
	s.clock.Advance(4 * 24 * time.Hour)
	g.why = "too many bounces"
	says(t, s.page(ada, at), http.StatusOK, "suppressed", "too many bounces")
}
