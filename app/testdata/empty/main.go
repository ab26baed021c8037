// Command empty is the limit of row P3: a program of the packages that sselfie is
// made of, which does nothing but answer. Each package is used as sselfie uses it,
// in work, so that the linker keeps what it would keep there and each package
// makes its tables at the start; an import alone would leave most of them out. The
// start calls nothing of work. "empty work" does it, as proof that it is no fiction.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing/fstest"
	texttemplate "text/template"
	"time"
	_ "time/tzdata"

	"github.com/VictoriaMetrics/metrics"
	"github.com/alecthomas/kong"
	"github.com/alexedwards/argon2id"
	"github.com/emersion/go-imap"
	imapclient "github.com/emersion/go-imap/client"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/go-co-op/gocron/v2"
	"github.com/goccy/go-yaml"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/invoice"
	"github.com/stripe/stripe-go/v76/subscription"
	"github.com/stripe/stripe-go/v76/webhook"
	gomail "github.com/wneessen/go-mail"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/image/font/opentype"
	"golang.org/x/text/unicode/norm"
	_ "modernc.org/sqlite"
	"rsc.io/qr"
)

func main() {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok") })
	if len(os.Args) > 1 {
		if err := work(app); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stdout, "serves http://%s\n", ln.Addr())
	panic(app.Listener(ln))
}

// work uses each package once.
func work(app *fiber.App) error {
	for _, use := range []func() error{commandLine, data, words, pictures, secrets, schedule, letters, payments} {
		if err := use(); err != nil {
			return err
		}
	}
	app.All("/gateway/*", adaptor.HTTPHandler(http.NotFoundHandler()))
	door := autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist("example.com")}
	app.All("/acme/*", adaptor.HTTPHandler(door.HTTPHandler(nil)))
	if len(door.TLSConfig().NextProtos) == 0 {
		return fmt.Errorf("no protocol")
	}
	return nil
}

type line struct {
	Config string   `help:"A file."`
	Work   struct{} `cmd:"" help:"Does it."`
}

func commandLine() error {
	parser, err := kong.New(&line{}, kong.Name("empty"))
	if err != nil {
		return err
	}
	_, err = parser.Parse([]string{"work"})
	return err
}

func data() error {
	db, err := sql.Open("sqlite", "file::memory:?_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, fstest.MapFS{
		"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE t (id TEXT PRIMARY KEY) STRICT;\n-- +goose Down\nDROP TABLE t;\n")},
	}, goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.NewJSONHandler(io.Discard, nil))))
	if err != nil {
		return err
	}
	if _, err := p.Up(context.Background()); err != nil {
		return err
	}
	_, err = db.Exec(`INSERT INTO t (id) VALUES (?)`, uuid.Must(uuid.NewV7()).String())
	return err
}

func words() error {
	var settings struct {
		Title string `yaml:"title"`
	}
	if err := yaml.UnmarshalWithOptions([]byte("title: Empty\n"), &settings, yaml.Strict()); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Typographer)).Convert([]byte("# Title"), &text); err != nil {
		return err
	}
	page := template.Must(template.New("page").Parse(`<h1>{{.Title}}</h1>`))
	if err := page.Execute(&text, settings); err != nil {
		return err
	}
	letter := texttemplate.Must(texttemplate.New("letter").Parse(`{{.Title}}`))
	if err := letter.Execute(&text, settings); err != nil {
		return err
	}
	set := metrics.NewSet()
	set.GetOrCreateCounter("words_total").Inc()
	set.GetOrCreateSummary("seconds").Update(1)
	set.WritePrometheus(&text)
	metrics.WriteProcessMetrics(&text)
	return json.NewEncoder(&text).Encode(norm.NFKC.String(text.String()))
}

func pictures() error {
	if _, err := opentype.Parse([]byte("no font")); err == nil {
		return fmt.Errorf("a text is a font")
	}
	code, err := qr.Encode("https://example.com", qr.M)
	if err == nil {
		_ = code.PNG()
	}
	return err
}

func secrets() error {
	params := &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	hash, err := argon2id.CreateHash("password", params)
	if err != nil {
		return err
	}
	_, err = argon2id.ComparePasswordAndHash("password", hash)
	return err
}

func schedule() error {
	cron, err := gocron.NewScheduler()
	if err != nil {
		return err
	}
	if _, err := cron.NewJob(gocron.DurationJob(time.Hour), gocron.NewTask(func() {})); err != nil {
		return err
	}
	cron.Start()
	return cron.Shutdown()
}

func letters() error {
	m := gomail.NewMsg()
	if err := m.From("a@example.com"); err != nil {
		return err
	}
	m.SetBodyString(gomail.TypeTextPlain, "hello")
	client, err := gomail.NewClient("127.0.0.1", gomail.WithPort(1))
	if err != nil {
		return err
	}
	if err := client.DialAndSend(m); err == nil {
		return fmt.Errorf("somebody took a letter at port 1")
	}
	if box, err := imapclient.Dial("127.0.0.1:1"); err == nil {
		_ = box.Login("a", "b")
		_, _ = box.Select("INBOX", true)
		return box.Fetch(new(imap.SeqSet), []imap.FetchItem{imap.FetchUid}, nil)
	}
	if err := dkim.Sign(io.Discard, &bytes.Buffer{}, &dkim.SignOptions{}); err == nil {
		return fmt.Errorf("a letter was signed without a key")
	}
	return nil
}

func payments() error {
	api := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String("http://127.0.0.1:1"), HTTPClient: &http.Client{Timeout: time.Second}, MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, EnableTelemetry: stripe.Bool(false),
	})
	if _, err := (session.Client{B: api, Key: "sk_test_empty"}).New(&stripe.CheckoutSessionParams{}); err == nil {
		return fmt.Errorf("somebody answers at port 1")
	}
	subscriptions := subscription.Client{B: api, Key: "sk_test_empty"}
	if _, err := subscriptions.Get("sub_1", nil); err == nil {
		return fmt.Errorf("somebody answers at port 1")
	}
	invoices := invoice.Client{B: api, Key: "sk_test_empty"}
	if invoices.List(&stripe.InvoiceListParams{}).Next() {
		return fmt.Errorf("somebody answers at port 1")
	}
	if _, err := webhook.ConstructEvent([]byte("{}"), "t=1,v1=00", "whsec_empty"); err == nil {
		return fmt.Errorf("a forged event was taken")
	}
	return nil
}
