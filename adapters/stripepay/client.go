package stripepay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76"

	"sselfie/core"
	"sselfie/core/billing"
)

// Client calls Stripe's API. It implements billing.Gateway.
type Client struct {
	api     *resources
	timeout time.Duration
	log     *slog.Logger
	prices  PriceBook
	clock   core.Clock

	mu    sync.Mutex
	known map[string]string // lookup key to price id, asked once a process
	promo map[string]string // our code to Stripe's promotion code id
}

// PriceBook remembers which prices at Stripe are ours, so that an event without
// our metadata is recognised by its price.
type PriceBook interface {
	RememberPrice(ctx context.Context, price, lookupKey string) error
}

// Options configure a Client.
type Options struct {
	Key     string
	APIBase string        // "" for Stripe itself
	Timeout time.Duration // of a whole call with its retries; 0 means 20 s
	Log     *slog.Logger
	Prices  PriceBook
	Clock   core.Clock // nil for the wall clock; the local gateway runs on business time
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now().UTC() }

// New makes a client of its own: nothing global is set, and two of them can
// work in one process.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	cfg := &stripe.BackendConfig{
		HTTPClient:        &http.Client{Timeout: o.Timeout},
		MaxNetworkRetries: stripe.Int64(2),
		LeveledLogger:     quiet{o.Log},
		EnableTelemetry:   stripe.Bool(false), // the default is on, in spite of the library's comment
	}
	if o.APIBase != "" {
		cfg.URL = stripe.String(o.APIBase)
	}
	backend := careful{stripe.GetBackendWithConfig(stripe.APIBackend, cfg)}
	return &Client{
		api: newResources(backend, o.Key), timeout: o.Timeout, log: o.Log, prices: o.Prices, clock: o.Clock,
		known: map[string]string{}, promo: map[string]string{},
	}
}

var errNotRead = errors.New("the answer could not be read")

var _ billing.Gateway = (*Client)(nil)

// within returns a context that ends the call with its retries; the library's
// own timeout counts each try.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// quiet takes the library's log lines, which may quote parameters, at debug
// level and without their text.
type quiet struct{ log *slog.Logger }

func (q quiet) Debugf(string, ...any) {}
func (q quiet) Infof(string, ...any)  {}
func (q quiet) Warnf(string, ...any)  { q.log.Debug("stripe-go warns") }
func (q quiet) Errorf(string, ...any) { q.log.Debug("stripe-go reports an error") }

// failure says a library's error in our words. What is missing at Stripe is
// core.NotFound; what Stripe refuses is core.Unprocessable; everything else is
// core.Unavailable. The message is for the person at the checkout; the cause,
// with Stripe's request id, goes to the log.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var se *stripe.Error
	if !errors.As(err, &se) {
		if strings.Contains(err.Error(), "body sample") {
			err = errNotRead // the library quotes the answer, and with it secrets
		}
		return &core.Error{Code: core.Unavailable, Op: op, Message: "The payment service can't be reached. Nothing was charged. Try again in a minute.", Err: err}
	}
	cause := errors.New(string(se.Type) + " " + string(se.Code) + " " + se.Param + " (request " + se.RequestID + ")")
	switch {
	case se.Code == stripe.ErrorCodeResourceMissing:
		return &core.Error{Code: core.NotFound, Op: op, Message: "The payment service doesn't know this any more.", Err: cause}
	case se.HTTPStatusCode == http.StatusUnauthorized || se.HTTPStatusCode == http.StatusForbidden:
		return &core.Error{Code: core.Unavailable, Op: op, Message: "Payments are not set up correctly. Nothing was charged. Write to us, and we will mend it.", Err: cause}
	case se.HTTPStatusCode == http.StatusConflict || se.HTTPStatusCode == http.StatusTooManyRequests || se.HTTPStatusCode >= 500:
		return &core.Error{Code: core.Unavailable, Op: op, Message: "The payment service is busy. Nothing was charged. Try again in a minute.", Err: cause}
	}
	return &core.Error{Code: core.Unprocessable, Op: op, Message: "The payment service refused this. Nothing was charged. Write to us if it goes on.", Err: cause}
}
