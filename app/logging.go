package app

import (
	"io"
	"log"
	"log/slog"
	"net/mail"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// newLog returns the program's log. Lengths of time are numbers of milliseconds,
// and their names say so: took_ms. Whatever goes into it passes the mask: the
// configured secrets, anything that looks like a key of Stripe's or a link's
// token, and e-mail addresses never come out. Line breaks and terminal codes are
// escaped by slog's own handlers.
func newLog(w io.Writer, c Config) *slog.Logger {
	m := newMask(c)
	opts := &slog.HandlerOptions{Level: level(c.Log.Level), ReplaceAttr: m.attr}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// takeStandardLog puts what the standard library logs, as net/http does, into
// our log. Its logger is one for the whole process, so it is taken while a site
// is served and given back after.
func takeStandardLog(to *slog.Logger) (giveBack func()) {
	was, flags := log.Writer(), log.Flags()
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(to.With("op", "go").Handler(), slog.LevelWarn).Writer())
	return func() {
		log.SetOutput(was)
		log.SetFlags(flags)
	}
}

func level(name string) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(name)) // the configuration admits four names only
	return l
}

// mask hides what must not be logged.
type mask struct{ secrets *strings.Replacer }

var (
	keyShape   = regexp.MustCompile(`\b((?:sk|rk|cs)_(?:live|test)|whsec)_[A-Za-z0-9_]+`)
	tokenShape = regexp.MustCompile(`([?&](?:token|client_secret|session_id|code)=)[^&\s"]+`)
	mailShape  = regexp.MustCompile(`[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*`)
	eitherSign = "@_="
)

func newMask(c Config) mask {
	var pairs []string
	leaves(reflect.ValueOf(&c).Elem(), "", func(k key) {
		if s := k.value.String(); isSecret(k.field) && len(s) >= 4 {
			pairs = append(pairs, s, "[hidden]")
		}
	})
	return mask{strings.NewReplacer(pairs...)}
}

// attr implements the handlers' ReplaceAttr.
func (m mask) attr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindDuration:
		a.Key += "_ms"
		a.Value = slog.Float64Value(float64(a.Value.Duration().Round(time.Microsecond)) / float64(time.Millisecond))
	case slog.KindString:
		a.Value = slog.StringValue(m.text(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			a.Value = slog.StringValue(m.text(v.Error()))
		case []byte:
			a.Value = slog.StringValue(m.text(string(v)))
		case slog.Level, *slog.Source, nil:
		default:
			a.Value = slog.StringValue(m.text(a.Value.String()))
		}
	}
	return a
}

func (m mask) text(s string) string {
	s = m.secrets.Replace(s)
	if !strings.ContainsAny(s, eitherSign) {
		return s
	}
	s = keyShape.ReplaceAllString(s, "${1}_[hidden]")
	s = tokenShape.ReplaceAllString(s, "${1}[hidden]")
	return mailShape.ReplaceAllStringFunc(s, maskAddress)
}

// maskAddress keeps the first letter and the domain, enough to recognise a
// provider's outage and too little to write to anybody.
func maskAddress(address string) string {
	if _, err := mail.ParseAddress(address); err != nil {
		return address
	}
	_, domain, _ := strings.Cut(address, "@")
	return address[:1] + "***@" + domain
}
