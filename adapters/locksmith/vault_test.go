package locksmith

import (
	"strings"
	"testing"

	"sselfie/core"
	"sselfie/core/accounts"
)

var _ accounts.Vault = Vault{}

func TestVault(t *testing.T) {
	v, err := NewVault(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	secret := v.NewSecret()
	sealed, err := v.Seal("usr_1", secret)
	if err != nil || strings.Contains(sealed, secret) {
		t.Fatalf("sealed is %q, %v", sealed, err)
	}
	if again, _ := v.Seal("usr_1", secret); again == sealed {
		t.Error("the same secret is sealed to the same text")
	}
	other, _ := NewVault(NewKey())
	for name, c := range map[string]struct {
		vault  Vault
		user   core.UserID
		sealed string
		want   string
	}{
		"its owner's":     {v, "usr_1", sealed, secret},
		"somebody else's": {v, "usr_2", sealed, ""},
		"another key":     {other, "usr_1", sealed, ""},
		"cut off":         {v, "usr_1", sealed[:10], ""},
		"altered":         {v, "usr_1", sealed[:len(sealed)-3] + "AAA", ""},
		"no base64":       {v, "usr_1", "!", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.vault.Open(c.user, c.sealed)
			if got != c.want || (c.want == "") != core.Is(err, core.Unavailable) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestSecretsAndCodesHaveTheirForm(t *testing.T) {
	v := Vault{}
	if s := v.NewSecret(); len(s) != 32 || accounts.CodeAt(s, 1) == "" {
		t.Errorf("the secret is %q", s)
	}
	if c := v.NewRecoveryCode(); len(c) != 19 || strings.Count(c, "-") != 3 || c != strings.ToLower(c) || c == v.NewRecoveryCode() {
		t.Errorf("the code is %q", c)
	}
	if _, err := NewVault("short"); err == nil {
		t.Error("a short key is taken")
	}
}
