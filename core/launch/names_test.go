package launch_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"sselfie/core/admin"
	"sselfie/core/launch"
)

// zone is DNS: texts by name, addresses by host, names by address.
type zone map[string][]string

func (z zone) TXT(_ context.Context, name string) ([]string, error) {
	if z["broken"] != nil {
		return nil, errors.New("timeout")
	}
	return z[name], nil
}

func (z zone) Addresses(_ context.Context, host string) (out []netip.Addr, err error) {
	if z["broken"] != nil {
		return nil, errors.New("timeout")
	}
	for _, a := range z["A "+host] {
		out = append(out, netip.MustParseAddr(a))
	}
	return out, nil
}

func (z zone) Names(_ context.Context, addr netip.Addr) ([]string, error) {
	return z[addr.String()], nil
}

func TestNames(t *testing.T) {
	many := zone{"x.org": {"v=spf1 include:i0.org -all"}}
	for i := range 12 {
		many[fmt.Sprintf("i%d.org", i)] = []string{fmt.Sprintf("v=spf1 include:i%d.org -all", i+1)}
	}
	const ours = "v=DKIM1; k=rsa; p=MIIB"
	spf := func(n launch.Names) admin.Finding { return n.SPF(context.Background(), "x.org") }
	dkim := func(n launch.Names) admin.Finding { return n.DKIM(context.Background(), "x.org", "brand", ours) }
	unsigned := func(n launch.Names) admin.Finding { return n.DKIM(context.Background(), "x.org", "brand", "") }
	dmarc := func(n launch.Names) admin.Finding { return n.DMARC(context.Background(), "news.x.org") }
	ptr := func(n launch.Names) admin.Finding { return n.PTR(context.Background(), "mx.x.org") }
	for name, c := range map[string]struct {
		zone  zone
		ask   func(launch.Names) admin.Finding
		state admin.State
		has   string
	}{
		"SPF: none":                         {zone{"x.org": {"google-site-verification=1"}}, spf, admin.Wrong, "no record"},
		"SPF: one":                          {zone{"x.org": {"v=spf1 ip4:192.0.2.1 -all", "other"}}, spf, admin.Fine, "ip4:192.0.2.1"},
		"SPF: two":                          {zone{"x.org": {"v=spf1 -all", "v=spf1 ~all"}}, spf, admin.Wrong, "2 records"},
		"SPF: everybody":                    {zone{"x.org": {"v=spf1 +all"}}, spf, admin.Wrong, "everybody"},
		"SPF: everybody, said shortly":      {zone{"x.org": {"v=spf1 all"}}, spf, admin.Wrong, "everybody"},
		"SPF: without an end":               {zone{"x.org": {"v=spf1 mx"}}, spf, admin.Warning, "other servers"},
		"SPF: through a relay":              {zone{"x.org": {"v=spf1 include:relay.net ~all"}, "relay.net": {"v=spf1 ip4:192.0.2.0/24 -all"}}, spf, admin.Fine, "relay.net"},
		"SPF: a relay that is gone":         {zone{"x.org": {"v=spf1 include:relay.net ~all"}}, spf, admin.Wrong, "relay.net"},
		"SPF: too many questions":           {many, spf, admin.Wrong, "more than 10"},
		"SPF: the end stands elsewhere":     {zone{"x.org": {"v=spf1 redirect=y.org"}, "y.org": {"v=spf1 mx -all"}}, spf, admin.Fine, "redirect"},
		"SPF: in a circle":                  {zone{"x.org": {"v=spf1 include:x.org -all"}}, spf, admin.Fine, ""},
		"SPF: nobody to ask":                {zone{"broken": {}}, spf, admin.Warning, "timeout"},
		"DKIM: ours":                        {zone{"brand._domainkey.x.org": {"v=DKIM1;k=rsa;p=MI IB"}}, dkim, admin.Fine, "ours"},
		"DKIM: none":                        {zone{}, dkim, admin.Wrong, "no record"},
		"DKIM: another":                     {zone{"brand._domainkey.x.org": {"v=DKIM1; p=AAAA"}}, dkim, admin.Wrong, "another"},
		"DKIM: revoked":                     {zone{"brand._domainkey.x.org": {"v=DKIM1; p="}}, dkim, admin.Wrong, "revoked"},
		"DKIM: the relay signs, or nobody":  {zone{}, unsigned, admin.Warning, "cannot be seen"},
		"DMARC: none":                       {zone{}, dmarc, admin.Wrong, "no record"},
		"DMARC: of the domain":              {zone{"_dmarc.news.x.org": {"v=DMARC1; p=reject"}}, dmarc, admin.Fine, "reject"},
		"DMARC: of the domain above":        {zone{"_dmarc.x.org": {"v=DMARC1; p=none"}}, dmarc, admin.Fine, "watches only"},
		"DMARC: without a policy":           {zone{"_dmarc.x.org": {"v=DMARC1; rua=mailto:a@x.org"}}, dmarc, admin.Wrong, "no policy"},
		"DMARC: two":                        {zone{"_dmarc.x.org": {"v=DMARC1; p=none", "v=DMARC1; p=reject"}}, dmarc, admin.Wrong, "2 records"},
		"PTR: there and back":               {zone{"A mx.x.org": {"192.0.2.1"}, "192.0.2.1": {"mx.x.org."}}, ptr, admin.Fine, "mx.x.org"},
		"PTR: none":                         {zone{"A mx.x.org": {"192.0.2.1"}}, ptr, admin.Warning, "192.0.2.1"},
		"PTR: a name that leads elsewhere":  {zone{"A mx.x.org": {"192.0.2.1"}, "192.0.2.1": {"pool.isp.net."}, "A pool.isp.net": {"192.0.2.9"}}, ptr, admin.Warning, "192.0.2.1"},
		"PTR: a server that does not exist": {zone{}, ptr, admin.Wrong, "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.ask(launch.Names{DNS: c.zone})
			if f.State != c.state || !strings.Contains(f.Detail, c.has) || f.Means == "" || f.Name == "" {
				t.Errorf("%+v", f)
			}
			if (f.Fix == "") != (f.State == admin.Fine) {
				t.Errorf("what to do: %q", f.Fix)
			}
		})
	}
}
