package letters

import (
	"fmt"
	"maps"
	"slices"

	"sselfie/core/mail"
)

// Prop is one value that a kind of mail shows. Money and dates come formatted.
type Prop struct {
	Name     string
	Required bool
	Meaning  string
	Example  string
}

// Kind says what a kind of mail needs and where its one link leads.
type Kind struct {
	Kind   mail.Kind
	Tokens []mail.TokenPurpose // that it may carry; NoToken when it may go without
	Path   string              // of the link when neither token nor prop gives one
	Action string              // the words on the link
	Props  []Prop
	Prose  bool // its text is Markdown; otherwise plain paragraphs
}

func must(name, meaning, example string) Prop { return Prop{name, true, meaning, example} }
func may(name, meaning, example string) Prop  { return Prop{name, false, meaning, example} }

var (
	someone  = may("name", "the customer's name, as typed; only its first word is shown", "Anna Berg")
	where    = may("path", "where the link leads, a path on this site", "/studio")
	receipt  = may("receipt", "Stripe's page of the receipt or invoice, https", "")
	none     = []mail.TokenPurpose{mail.NoToken}
	generics = []Prop{
		must("subject", "the subject line", "Never run out of content again"),
		may("preheader", "what previews show after the subject", "200 credits a month, and what they make."),
		may("title", "the headline; the subject where there is none", ""),
		must("text", "the letter: paragraphs, lists, tables, emphasis and links in Markdown", "Last month you made **25 pictures**.\n\n- Here is what [200](/studio-membership) would look like.\n\n| | A booster | Studio |\n|---|---|---|\n| Credits | 100 once | 200 a month |"),
		may("action", "the words on the button", "See Studio"),
		may("path", "where the button leads, a path on this site", "/studio-membership"),
		may("link", "the same as a whole address below the base URL", ""),
	}
)

// kinds is the table of every mail: what it shows and where it leads.
var kinds = map[mail.Kind]Kind{
	mail.Purchase: {
		Tokens: []mail.TokenPurpose{mail.NoToken, mail.SetupToken}, Path: "/studio", Action: "Get started now",
		Props: []Prop{
			someone,
			must("product", "the product's name", "Bio Glow-Up"),
			must("kind", "mini, pack or membership", "mini"),
			must("amount", "what was paid", "$47"),
			may("credits", "how many it brings", "25"),
			where, receipt,
			may("productId", "the catalogue's id, for overrides by product", "bio_glowup"),
			may("checkout", "our id of the checkout", ""),
			may("consent", "the sentence about immediate delivery that was agreed to", "Begin at once; I know that I lose my right to withdraw when all is delivered."),
			may("withdrawal", "what that means for withdrawing", "With that your 14 days for withdrawing end when all is delivered."),
		},
	},
	mail.Welcome: {
		Tokens: []mail.TokenPurpose{mail.ConfirmToken}, Action: "Confirm my address",
		Props: []Prop{someone, may("credits", "what a new account begins with", "2")},
	},
	mail.ConfirmAddress: {
		Tokens: []mail.TokenPurpose{mail.ConfirmToken, mail.ChangeToken}, Action: "Yes, this is my address", Props: []Prop{someone},
	},
	mail.PasswordReset: {
		Tokens: []mail.TokenPurpose{mail.ResetToken, mail.SetupToken}, Action: "Choose a new password", Props: []Prop{someone},
	},
	mail.PasswordChanged: {Tokens: none, Path: "/auth/password/forgot", Action: "It wasn’t me", Props: []Prop{someone}},
	mail.StudioWelcome: {
		Tokens: none, Path: "/studio", Action: "Open Studio",
		Props: []Prop{
			someone, where, must("product", "the membership's name", "Studio"), must("credits", "that each month brings", "200"),
			may("amount", "what each month costs", "$97"), may("renews", "date of the next payment", "1 April 2026"),
		},
	},
	mail.Renewal: {
		Tokens: none, Path: "/studio", Action: "Open Studio",
		Props: []Prop{
			someone, where, receipt, must("product", "the membership's name", "Studio"), must("amount", "what was paid", "$97"),
			must("credits", "that came with it", "200"), may("balance", "credits there are now", "231"), may("renews", "date of the next payment", "1 May 2026"),
		},
	},
	mail.PaymentFailed: {
		Tokens: none, Path: "/account", Action: "Use another card",
		Props: []Prop{
			someone, where, must("product", "the membership's name", "Studio"), must("amount", "what was asked for", "$97"),
			may("until", "date until which access stays", "8 April 2026"),
		},
	},
	mail.PaymentFailedFinal: {
		Tokens: none, Path: "/account", Action: "Open it again",
		Props: []Prop{someone, where, must("product", "the membership's name", "Studio"), must("amount", "what was asked for", "$97")},
	},
	mail.Cancellation: {
		Tokens: none, Path: "/account", Action: "Keep my membership",
		Props: []Prop{someone, where, must("product", "the membership's name", "Studio"), must("until", "date until which it stays open", "30 April 2026")},
	},
	mail.Farewell: {
		Tokens: none, Path: "/studio", Action: "See what you made",
		Props: []Prop{someone, where, must("product", "the membership's name", "Studio"), may("balance", "credits that are left", "31")},
	},
	mail.Refund: {
		Tokens: none, Path: "/account", Action: "See your account",
		Props: []Prop{
			someone, where, must("product", "what was bought", "Bio Glow-Up"), must("amount", "what goes back", "$47"),
			may("credits", "that were taken back", "18"), may("partial", "anything, when the purchase stays", ""),
			may("membership", "anything, when a month of one was paid back", ""),
		},
	},
	mail.AbandonedCheckout: {
		Tokens: none, Action: "Go on where you stopped",
		Props: []Prop{
			someone, must("product", "what was in the checkout", "9-Post Feed"), must("amount", "its price", "$77"),
			must("path", "of the same checkout", "/checkout/nine_post_feed?resume=chk_1"),
		},
	},
	mail.Freebie: {
		Tokens: none, Path: "/free-blueprint", Action: "Begin the blueprint",
		Props: []Prop{
			someone, may("path", "of the blueprint, with what proves the address", "/free-blueprint?t=abc"),
			may("silent", "set where nothing further comes until the link was followed", "yes"),
		},
	},
	mail.Sequence: {Tokens: none, Action: "Have a look", Props: append([]Prop{someone}, generics...), Prose: true},
	mail.Campaign: {Tokens: none, Action: "Have a look", Props: append([]Prop{someone}, generics...), Prose: true},
	mail.Notice: {
		Tokens: none, Path: "/admin", Action: "Have a look",
		Props: []Prop{
			must("subject", "what it is about", "A payment needs your eyes"),
			must("text", "what happened and what to do", "A payment of $47 came in that fits no product.\n\nIt is kept. Nothing was granted."),
			where, may("link", "where to look, below the base URL", ""), may("action", "the words on the button", ""),
			may("customer", "anything, when it confirms to a customer what she declared", ""),
		},
	},
}

// KindOf returns what a kind of mail needs.
func KindOf(k mail.Kind) (Kind, bool) {
	spec, ok := kinds[k]
	spec.Kind = k
	return spec, ok
}

// Sample returns a mail of a kind with the examples of all its props.
func Sample(k mail.Kind) mail.Outgoing {
	o := mail.Outgoing{ID: "eml_sample", Kind: k, User: "usr_sample", To: "anna@example.com", ToKey: "anna@example.com", Props: mail.Props{}}
	for _, p := range kinds[k].Props {
		if p.Example != "" {
			o.Props[p.Name] = p.Example
		}
	}
	if o.Purpose = kinds[k].Tokens[len(kinds[k].Tokens)-1]; o.Purpose != mail.NoToken {
		o.Token = "sample-token"
	}
	return o
}

// accept checks a mail against its kind and returns its props, each declared one
// there, on one line but for the text.
func (k Kind) accept(o mail.Outgoing) (map[string]string, error) {
	if !slices.Contains(k.Tokens, o.Purpose) {
		return nil, fmt.Errorf("%s: no link of the purpose %q belongs here", o.Kind, o.Purpose)
	}
	if (o.Token == "") != (o.Purpose == mail.NoToken) {
		return nil, fmt.Errorf("%s: a link without its token, or a token without its purpose", o.Kind)
	}
	props := make(map[string]string, len(k.Props))
	rest := maps.Clone(o.Props)
	for _, p := range k.Props {
		value := oneLine(o.Props[p.Name])
		switch {
		case p.Name == "text" && k.Prose:
			value = o.Props[p.Name] // read by package prose
		case p.Name == "text":
			value = paragraphsOnly(o.Props[p.Name])
		}
		if p.Required && value == "" {
			return nil, fmt.Errorf("%s: the value %q is missing: %s, for example %q", o.Kind, p.Name, p.Meaning, p.Example)
		}
		props[p.Name] = value
		delete(rest, p.Name)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s: nobody knows the value %q", o.Kind, slices.Sorted(maps.Keys(rest))[0])
	}
	return props, nil
}
