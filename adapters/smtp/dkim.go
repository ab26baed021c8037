package smtp

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM signs letters in the name of a domain (RFC 6376).
type DKIM struct {
	domain   string // "" for that of the letter's sender
	selector string
	key      crypto.Signer
}

// dkimBits is what every receiver takes: 1024 are refused by some, and a key of
// 4096 does not fit the DNS of others.
const dkimBits = 2048

// signed are the headers under the signature, where a letter has them; RFC 8058
// asks for its own by name.
var signed = []string{
	"From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
	"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Auto-Submitted",
}

// NewDKIM reads a private key in PEM, RSA or Ed25519. An empty domain is that of
// each letter's sender.
func NewDKIM(domain, selector, key string) (*DKIM, error) {
	if selector == "" {
		return nil, errors.New("dkim: there is no selector")
	}
	signer, err := gomail.PrivKeyFromPEM([]byte(key))
	if err != nil {
		return nil, errors.New("dkim: the key cannot be read") // the cause could quote it
	}
	if k, ok := signer.(*rsa.PrivateKey); ok && k.N.BitLen() < 1024 {
		return nil, errors.New("dkim: the key is too short")
	}
	return &DKIM{domain: strings.ToLower(domain), selector: selector, key: signer}, nil
}

// sign puts the signature before a letter. It is not go-mail's own, which folds
// the list of signed headers in the middle of a name, so that others find no such
// header (seen with v0.8.1).
func (d *DKIM) sign(letter *bytes.Buffer, from string) error {
	head, _, _ := bytes.Cut(letter.Bytes(), []byte("\r\n\r\n"))
	lower := bytes.ToLower(append([]byte("\r\n"), head...))
	var there []string
	for _, name := range signed {
		if bytes.Contains(lower, []byte("\r\n"+strings.ToLower(name)+":")) {
			there = append(there, name)
		}
	}
	s, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: d.DomainFor(from), Selector: d.selector, Signer: d.key, HeaderKeys: there,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return err
	}
	_, err = s.Write(letter.Bytes())
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	whole := append([]byte(s.Signature()), letter.Bytes()...)
	letter.Reset()
	letter.Write(whole)
	return nil
}

// DomainFor returns the domain in whose name a letter from an address is signed.
func (d *DKIM) DomainFor(from string) string {
	if d.domain != "" {
		return d.domain
	}
	return strings.ToLower(from[strings.LastIndexByte(from, '@')+1:])
}

// Selector names the key in DNS.
func (d *DKIM) Selector() string { return d.selector }

// Record is the text of the TXT record that makes the key known.
func (d *DKIM) Record() (string, error) {
	switch public := d.key.Public().(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return "", fmt.Errorf("dkim: %w", err)
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
	}
}

// NewDKIMKey makes a private key, in PEM.
func NewDKIMKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, dkimBits)
	if err != nil {
		return "", fmt.Errorf("dkim: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("dkim: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
