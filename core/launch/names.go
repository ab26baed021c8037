// Package launch judges what the world says about a site before it opens: what
// stands in DNS about the domain that its letters come from.
package launch

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"sselfie/core/admin"
)

// Resolver asks DNS. A name that does not exist, or has no such record, is an
// empty answer; an error means that nobody could be asked.
type Resolver interface {
	// TXT returns the texts of a name, each in one piece.
	TXT(ctx context.Context, name string) ([]string, error)
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
	// Names returns what an address is called.
	Names(ctx context.Context, addr netip.Addr) ([]string, error)
}

// Names holds a resolver and judges domains.
type Names struct{ DNS Resolver }

const (
	spfMeans   = "Says which servers may send letters for the domain; without it large providers refuse them or call them spam."
	dkimMeans  = "A signature that proves a letter unchanged and yours; its public key stands in DNS."
	dmarcMeans = "Says what a receiver does with letters in your name that prove neither SPF nor DKIM; Gmail and Yahoo ask for it from everybody who writes to many."
	ptrMeans   = "The name that belongs to the address of the server that sends. Many receivers refuse servers without one."
)

// spfLookups is how many questions a receiver asks for one SPF record before it
// gives up (RFC 7208).
const spfLookups = 10

func unasked(name, means string, err error) admin.Finding {
	return admin.Finding{Name: name, Means: means, State: admin.Warning, Detail: "DNS could not be asked: " + err.Error(), Fix: "Try again; if it stays, look at the resolver of this machine."}
}

// SPF judges the record of a domain that stands in envelopes.
func (n Names) SPF(ctx context.Context, domain string) admin.Finding {
	f := admin.Finding{Name: "SPF of " + domain, Means: spfMeans, State: admin.Wrong}
	records, err := n.spf(ctx, domain)
	if err != nil {
		return unasked(f.Name, f.Means, err)
	}
	const ask = " Your relay says what to include."
	switch {
	case len(records) == 0:
		f.Detail, f.Fix = "there is no record", "Add a TXT record to "+domain+": v=spf1 include:... -all."+ask
		return f
	case len(records) > 1:
		f.Detail, f.Fix = fmt.Sprintf("%d records: receivers then count none", len(records)), "Make one of them: v=spf1, all includes, and one all at the end."
		return f
	}
	w := spfWalk{n: n, seen: map[string]bool{}}
	all, err := w.walk(ctx, domain, records[0])
	switch {
	case err != nil:
		return unasked(f.Name, f.Means, err)
	case w.missing != "":
		f.Detail, f.Fix = records[0]+" names "+w.missing+", which has no record itself", "Remove it, or mend the name."+ask
	case w.count > spfLookups:
		f.Detail, f.Fix = fmt.Sprintf("more than %d further questions to DNS: receivers give up", spfLookups), "Remove includes that are not needed any more."
	case all == "+all" || all == "all":
		f.Detail, f.Fix = records[0]+" lets everybody send for you", "Write -all at its end."
	case all == "" || all == "?all":
		f.State, f.Detail, f.Fix = admin.Warning, records[0]+" says nothing about other servers", "Write ~all or -all at its end."
	default:
		f.State, f.Detail = admin.Fine, records[0]
	}
	return f
}

func (n Names) spf(ctx context.Context, domain string) (records []string, err error) {
	all, err := n.DNS.TXT(ctx, domain)
	for _, text := range all {
		if low := strings.ToLower(text); low == "v=spf1" || strings.HasPrefix(low, "v=spf1 ") {
			records = append(records, text)
		}
	}
	return records, err
}

// spfWalk follows includes as a receiver does.
type spfWalk struct {
	n       Names
	count   int
	seen    map[string]bool
	missing string
}

// walk returns the word all of a record, with what stands before it.
func (w *spfWalk) walk(ctx context.Context, domain, record string) (all string, err error) {
	if w.seen[domain] {
		return "", nil
	}
	w.seen[domain] = true
	for _, word := range strings.Fields(strings.ToLower(record))[1:] {
		bare := strings.TrimLeft(word, "+-~?")
		name, value, _ := strings.Cut(bare, ":")
		target, redirect := strings.CutPrefix(bare, "redirect=")
		switch {
		case bare == "all":
			return word, nil
		case redirect, name == "include":
			if w.count++; !redirect {
				target = value
			}
			if w.count > spfLookups || strings.Contains(target, "%") {
				continue // a macro: what it becomes is known in a delivery only
			}
			records, err := w.n.spf(ctx, target)
			if err != nil {
				return "", err
			}
			if len(records) != 1 {
				w.missing = target
				return "", nil
			}
			inner, err := w.walk(ctx, target, records[0])
			if err != nil || redirect {
				return inner, err
			}
		case name == "a" || name == "mx" || name == "ptr" || name == "exists" || strings.HasPrefix(name, "a/") || strings.HasPrefix(name, "mx/"):
			w.count++
		}
	}
	return "", nil
}

// DKIM judges the key of a selector. want is the record that belongs there, ""
// when letters are not signed here.
func (n Names) DKIM(ctx context.Context, domain, selector, want string) admin.Finding {
	f := admin.Finding{Name: "DKIM of " + domain, Means: dkimMeans, State: admin.Wrong}
	at := selector + "._domainkey." + domain
	if want == "" {
		f.State, f.Detail = admin.Warning, "letters are not signed here, and which selector the relay signs with cannot be seen from here"
		f.Fix = "Most relays sign: look for dkim=pass with header.d=" + domain + " in a letter of sselfie mail test. If yours does not: sselfie mail dkim-key --out FILE."
		return f
	}
	found, err := n.DNS.TXT(ctx, at)
	if err != nil {
		return unasked(f.Name, f.Means, err)
	}
	f.Fix = "Put the record of sselfie mail dkim-key at " + at + "."
	key := tag(want, "p")
	switch {
	case len(found) == 0:
		f.Detail = "there is no record at " + at
	case len(found) > 1:
		f.Detail = fmt.Sprintf("%d records at %s", len(found), at)
	case tag(found[0], "p") == "":
		f.Detail = "the key at " + at + " was revoked"
	case tag(found[0], "p") != key:
		f.Detail = "the key at " + at + " is another one: every signature is called false"
	default:
		f.State, f.Detail, f.Fix = admin.Fine, "the key at "+at+" is ours", ""
	}
	return f
}

// DMARC judges the policy of a domain, or of the one above it.
func (n Names) DMARC(ctx context.Context, domain string) admin.Finding {
	f := admin.Finding{Name: "DMARC of " + domain, Means: dmarcMeans, State: admin.Wrong}
	for name := domain; strings.Contains(name, "."); {
		found, err := n.DNS.TXT(ctx, "_dmarc."+name)
		if err != nil {
			return unasked(f.Name, f.Means, err)
		}
		var records []string
		for _, text := range found {
			if strings.EqualFold(tag(text, "v"), "DMARC1") {
				records = append(records, text)
			}
		}
		if len(records) > 1 {
			f.Detail, f.Fix = fmt.Sprintf("%d records at _dmarc.%s: receivers then count none", len(records), name), "Leave one of them."
			return f
		}
		if len(records) == 1 {
			return policy(f, records[0])
		}
		_, name, _ = strings.Cut(name, ".")
	}
	f.Detail, f.Fix = "there is no record", "Add a TXT record at _dmarc."+domain+": v=DMARC1; p=none; rua=mailto:you@"+domain+". Raise p to quarantine and then reject once the reports look right."
	return f
}

func policy(f admin.Finding, record string) admin.Finding {
	switch strings.ToLower(tag(record, "p")) {
	case "quarantine", "reject":
		f.State, f.Detail = admin.Fine, record
	case "none":
		f.State, f.Detail = admin.Fine, record+" (watches only; quarantine or reject also protects your name)"
	default:
		f.Detail, f.Fix = record+" has no policy", "Write p=none, p=quarantine or p=reject into it."
	}
	return f
}

// PTR judges whether the addresses of a server have names that lead back to them.
func (n Names) PTR(ctx context.Context, host string) admin.Finding {
	f := admin.Finding{Name: "PTR of " + host, Means: ptrMeans, State: admin.Fine}
	addrs, err := n.DNS.Addresses(ctx, host)
	if err != nil {
		return unasked(f.Name, f.Means, err)
	}
	if len(addrs) == 0 {
		f.State, f.Detail, f.Fix = admin.Wrong, "the name has no address", "Look for a typing mistake."
		return f
	}
	var good []string
	for _, addr := range addrs {
		names, err := n.DNS.Names(ctx, addr)
		if err != nil {
			return unasked(f.Name, f.Means, err)
		}
		name, err := n.confirmed(ctx, addr, names)
		switch {
		case err != nil:
			return unasked(f.Name, f.Means, err)
		case name == "":
			f.State, f.Detail = admin.Warning, addr.String()+" has no name that leads back to it"
			f.Fix = "Whoever owns the address sets its name: your host, for a server of your own; for a relay of somebody else's it is theirs to mend."
			return f
		}
		good = append(good, addr.String()+" is "+name)
	}
	f.Detail = strings.Join(good, ", ")
	return f
}

// confirmed returns the first name of an address that has that address.
func (n Names) confirmed(ctx context.Context, addr netip.Addr, names []string) (string, error) {
	for _, name := range names {
		back, err := n.DNS.Addresses(ctx, strings.TrimSuffix(name, "."))
		if err != nil {
			return "", err
		}
		for _, a := range back {
			if a.Unmap() == addr.Unmap() {
				return strings.TrimSuffix(name, "."), nil
			}
		}
	}
	return "", nil
}

// tag reads one value of a record of the form a=b; c=d.
func tag(record, name string) string {
	for _, part := range strings.Split(record, ";") {
		key, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}
