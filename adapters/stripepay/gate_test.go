package stripepay_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sselfie/adapters/stripegate"
	"sselfie/adapters/stripepay"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

// prices remembers what is ours.
type prices map[string]string

func (p prices) RememberPrice(_ context.Context, price, key string) error {
	p[price] = key
	return nil
}

// atGate is the real client before the local gateway.
func atGate(t *testing.T) (*stripepay.Client, prices) {
	t.Helper()
	gate, err := stripegate.New(stripegate.Options{Dir: t.TempDir(), Clock: coretest.NewClock(), BaseURL: "http://127.0.0.1:1", WebhookURL: "http://127.0.0.1:1/hook"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gate.Close() })
	api := httptest.NewServer(gate.API())
	t.Cleanup(api.Close)
	known := prices{}
	return stripepay.New(stripepay.Options{Key: "sk_test_demo", APIBase: api.URL, Prices: known}), known
}

func setup() stripepay.Setup {
	return stripepay.Setup{
		Catalog: catalog.Default(), Brand: "Sselfie", WebhookURL: "http://127.0.0.1:1/api/webhooks/stripe", ReturnURL: "http://127.0.0.1:1/account",
		TermsURL: "http://127.0.0.1:1/legal/terms", PrivacyURL: "http://127.0.0.1:1/legal/privacy",
	}
}

func TestProvisionTwice(t *testing.T) {
	c, known := atGate(t)
	want := setup()
	first, err := c.Provision(context.Background(), want)
	if err != nil {
		t.Fatal(err)
	}
	if first.WebhookSecret == "" || len(known) != len(want.Catalog.Products) {
		t.Errorf("secret %q, %d prices remembered", first.WebhookSecret, len(known))
	}
	text := strings.Join(first.Changes, "\n")
	for _, p := range want.Catalog.Products {
		if !strings.Contains(text, "product "+p.Name+": made") || !strings.Contains(text, "price of "+p.Name+": "+p.Price.String()+" made") {
			t.Errorf("%s is missing in:\n%s", p.Name, text)
		}
	}
	if !strings.Contains(text, "promotion code MINI20") || !strings.Contains(text, "webhook endpoint") || !strings.Contains(text, "billing portal") {
		t.Errorf("something is missing in:\n%s", text)
	}
	want.KnownSecret = true
	again, err := c.Provision(context.Background(), want)
	if err != nil || len(again.Changes) != 0 || again.WebhookSecret != "" {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestProvisionFollowsTheCatalogue(t *testing.T) {
	c, known := atGate(t)
	want := setup()
	if _, err := c.Provision(context.Background(), want); err != nil {
		t.Fatal(err)
	}
	want.KnownSecret = true
	want.Catalog.Products = slices.Clone(want.Catalog.Products)
	want.Catalog.Products[2].Price.Minor, want.Catalog.Products[2].Name = 5500, "Bio Glow-Up Deluxe"
	got, err := c.Provision(context.Background(), want)
	text := strings.Join(got.Changes, "\n")
	if err != nil || len(got.Changes) != 3 || !strings.Contains(text, "$55 made") || !strings.Contains(text, "archived") || !strings.Contains(text, "name brought up to date") {
		t.Errorf("%v, %v", got.Changes, err)
	}
	keys := 0
	for _, k := range known {
		if k == want.Catalog.Products[2].LookupKey {
			keys++
		}
	}
	if keys != 2 {
		t.Errorf("%d prices of the product are ours, want the old and the new", keys)
	}
	if again, err := c.Provision(context.Background(), want); err != nil || len(again.Changes) != 0 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestAnEndpointWhoseSecretNobodyKnowsIsReplaced(t *testing.T) {
	c, _ := atGate(t)
	first, err := c.Provision(context.Background(), setup())
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Provision(context.Background(), setup())
	if err != nil || second.WebhookSecret == "" || second.WebhookSecret == first.WebhookSecret || len(second.Changes) != 2 {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestACheckoutAtTheGate(t *testing.T) {
	c, _ := atGate(t)
	if _, err := c.Provision(context.Background(), setup()); err != nil {
		t.Fatal(err)
	}
	open := func(change func(*billing.NewSession)) (billing.OpenedSession, error) {
		p, _ := catalog.Default().Product("bio_glowup")
		n := billing.NewSession{
			Key: "checkout:chk_1:1", Product: p.ID, LookupKey: p.LookupKey, Name: p.Name, Price: p.Price,
			ReturnURL: "http://127.0.0.1:1/checkout/success?session_id={CHECKOUT_SESSION_ID}", Meta: billing.Metadata{Product: p.ID, Ref: "chk_1"},
		}
		change(&n)
		return c.OpenSession(context.Background(), n)
	}
	first, err := open(func(*billing.NewSession) {})
	if err != nil || first.ID == "" || first.ClientSecret == "" || !first.ExpiresAt.After(coretest.Start) {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := open(func(*billing.NewSession) {}); err != nil || again != first {
		t.Errorf("the same key opens once: %+v, %v", again, err)
	}
	_, err = open(func(n *billing.NewSession) { n.Key, n.Customer = "checkout:chk_2:1", "cus_gone" })
	if !core.Is(err, core.NotFound) {
		t.Errorf("a customer that is gone: %v", err)
	}
	studio := catalog.Default().Studio()
	member := func(n *billing.NewSession) {
		n.Product, n.LookupKey, n.Name, n.Price, n.Membership, n.Meta.Product = studio.ID, studio.LookupKey, studio.Name, studio.Price, true, studio.ID
	}
	if _, err = open(func(n *billing.NewSession) {
		member(n)
		n.Key, n.Promotion, n.Email = "checkout:chk_3:1", "MINI20", "ada@example.com"
	}); err != nil {
		t.Errorf("a membership with its promotion: %v", err)
	}
	_, err = open(func(n *billing.NewSession) { member(n); n.Key, n.Promotion = "checkout:chk_4:1", "GONE" })
	if !core.Is(err, core.Unprocessable) {
		t.Errorf("a code that is gone: %v", err)
	}
	if _, err := c.PortalURL(context.Background(), "cus_gone", "http://127.0.0.1:1/account"); !core.Is(err, core.NotFound) {
		t.Errorf("the portal of nobody: %v", err)
	}
}

func TestPricesOff(t *testing.T) {
	c, _ := atGate(t)
	want := setup()
	if off, err := c.PricesOff(t.Context(), want.Catalog); err != nil || len(off) != len(want.Catalog.Products) {
		t.Errorf("before the setup: %q, %v", off, err)
	}
	if _, err := c.Provision(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if off, err := c.PricesOff(t.Context(), want.Catalog); err != nil || len(off) != 0 {
		t.Errorf("after it: %q, %v", off, err)
	}
	want.Catalog.Products = slices.Clone(want.Catalog.Products)
	want.Catalog.Products[0].Price.Minor++
	off, err := c.PricesOff(t.Context(), want.Catalog)
	if err != nil || len(off) != 1 || !strings.Contains(off[0], want.Catalog.Products[0].Name) {
		t.Errorf("after a change: %q, %v", off, err)
	}
}
