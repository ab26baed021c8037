package sequences

import (
	"context"
	"slices"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/mail"
)

// Draft is a letter that somebody is writing, saved or not.
type Draft struct {
	Series   Name           // of a step
	Product  core.ProductID // whose buyers it is for, "" for what the reader bought
	Campaign string         // of a campaign that is saved already
	Words    Step
}

func (d Draft) kind() mail.Kind {
	if d.Series != "" {
		return mail.Sequence
	}
	return mail.Campaign
}

// Proof is a letter as one customer would get it.
type Proof struct {
	Letter  mail.Letter
	Missing []string // fields that are not known of this customer: what needs them is left out
}

// Proofs shows letters before they go out. What it sends counts in no figure.
type Proofs struct {
	Author *Author
	Store  ProofStore
	IDs    core.IDs
	Tokens core.Tokens
	Fold   core.Fold
	Clock  core.Clock
}

// ProofTx promises a test.
type ProofTx interface {
	Letters
	Audit(ctx context.Context, a core.Audit) error
}

// ProofStore runs use cases.
type ProofStore interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx ProofTx) error) error
}

// Show writes a draft as a customer would get it, with what is known of her now;
// "" is somebody of whom nothing is known. core.Unprocessable means that she
// would not get it, and says why.
func (p *Proofs) Show(ctx context.Context, d Draft, reader core.UserID) (Proof, error) {
	props, missing, err := p.write(ctx, d, reader)
	if err != nil {
		return Proof{}, err
	}
	props["path"] = d.Words.Path
	l, err := p.Author.Next.Render(ctx, mail.Outgoing{ID: "eml_proof", Kind: d.kind(), User: reader, To: "somebody@example.com", Props: props, At: p.Clock.Now()})
	if err != nil {
		return Proof{}, core.FieldError("sequences.Show", "text", "This does not render: "+err.Error())
	}
	return Proof{Letter: l, Missing: missing}, nil
}

// Send promises drafts to one address, each as reader would get it.
func (p *Proofs) Send(ctx context.Context, drafts []Draft, reader core.UserID, to, actor string) error {
	const op = "sequences.Send"
	now, key := p.Clock.Now(), p.Fold(to)
	if name, host, ok := strings.Cut(string(key), "@"); !ok || name == "" || host == "" || strings.ContainsAny(string(key), " ,;<>\r\n") || len(key) > 254 {
		return core.FieldError(op, "to", "Give the address that the test goes to.")
	}
	if why, err := p.Author.Gate.MarketingPaused(ctx, now); err != nil {
		return err
	} else if why != "" {
		return &core.Error{Code: core.Conflict, Op: op, Message: "No test goes out: " + why + "."}
	}
	written := make([]mail.Props, len(drafts))
	for i, d := range drafts {
		var err error
		if written[i], _, err = p.write(ctx, d, reader); err != nil {
			return err
		}
	}
	return p.Store.Update(ctx, func(ctx context.Context, tx ProofTx) error {
		for i, d := range drafts {
			if err := p.promise(ctx, tx, d, written[i], to, key, now); err != nil {
				return err
			}
		}
		d := drafts[0]
		subject := string(d.Series) + "/" + d.Words.ID
		if d.Series == "" {
			subject = d.Campaign
		}
		return tx.Audit(ctx, core.Audit{ID: p.IDs.NewID("aud"), Actor: actor, Action: "letter.test", Subject: subject, At: now})
	})
}

func (p *Proofs) promise(ctx context.Context, tx ProofTx, d Draft, props mail.Props, to string, key core.EmailKey, now time.Time) error {
	id, link := core.MailID(p.IDs.NewID("eml")), NewLink(p.Tokens)
	o := Origin{Series: d.Series, Step: d.Words.ID, Campaign: d.Campaign, Variant: Test, Reason: "a test", Expires: now.Add(Patience), Link: link}
	at := Posted{Series: o.Series, Step: o.Step, Campaign: o.Campaign, Variant: o.Variant}
	o.Dest, o.Placed = Destination(d.Words.Path, at.campaign(), at.content(), link), Place(d.Words.Text, at.campaign(), at.content(), p.Tokens)
	_, err := tx.PromiseLetter(ctx, mail.Queued{
		ID: id, ToKey: key, At: now, BusinessKey: string(d.kind()) + ":test:" + string(id),
		Promise: mail.Promise{Kind: d.kind(), To: to, Reference: "test:" + string(id), Props: props},
	}, o)
	return err
}

// Test is the variant of a letter that was sent to try it. Its words are kept
// with it, because the draft may be another meanwhile.
const Test = "test"

// write fills a draft with what is known of a reader.
func (p *Proofs) write(ctx context.Context, d Draft, reader core.UserID) (mail.Props, []string, error) {
	known := Posted{}
	if reader != "" && d.Series != FreeBlueprint { // its readers have no account yet
		var err error
		if known, err = p.Author.Bag.KnownOf(ctx, reader, d.Series, p.Clock.Now()); err != nil {
			return nil, nil, err
		}
	}
	known.Series = d.Series
	switch d.Series {
	case MiniProduct, FreeBlueprint:
		known.Product = p.product(d, known.Product)
	case "":
		known.Product, known.CreditsUsed = "", 0 // a campaign follows from no purchase
	}
	values := p.Author.values(known)
	props := mail.Props{}
	if err := compose(d.Words, values, props); err != nil {
		return nil, nil, &core.Error{Code: core.Unprocessable, Op: "sequences.Proofs", Message: "This customer would not get it: " + err.Reason + "."}
	}
	var missing []string
	for _, m := range fieldShape.FindAllStringSubmatch(d.Words.Preheader+"\n"+d.Words.Text, -1) {
		if values[m[1]] == "" && !slices.Contains(missing, m[1]) {
			missing = append(missing, m[1])
		}
	}
	return props, missing, nil
}

// product is what the series would speak of.
func (p *Proofs) product(d Draft, bought core.ProductID) core.ProductID {
	if d.Series == FreeBlueprint {
		return "brand_blueprint_paid"
	}
	if d.Product != "" {
		return d.Product
	}
	if b, ok := p.Author.Catalog.Product(bought); ok && b.Kind == catalog.Mini {
		return bought
	}
	if minis := p.Author.Catalog.OfKind(catalog.Mini); len(minis) > 0 {
		return minis[0].ID
	}
	return ""
}
